"""The pages as files: they come under a strict policy and ask nobody else for anything."""

import re
from pathlib import Path

import pytest

from leaderboard.api.pages import STATIC
from tests.serving import Serving

PAGES = ["/", "/pipeline", "/docs"]
FILES = sorted(STATIC.iterdir())
XML_NAMES = {"http://www.w3.org/2000/svg"}  # names, not addresses


@pytest.mark.parametrize("path", PAGES)
def test_a_page_comes_with_a_strict_policy(api: Serving, path: str):
    answer = api.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_names_is_there_and_relative(api: Serving, path: str):
    text = api.get(path).text

    for target in re.findall(r'(?:src|href)="([^"#]+)"', text):
        assert not target.startswith("/"), "breaks behind a proxy's prefix"
        assert api.get(f"/{target.removeprefix('./')}").status_code == 200, target


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_no_other_host_is_named(file: Path):
    assert set(re.findall(r"https?://[^\s\"'`)]+", file.read_text())) <= XML_NAMES


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".html"], ids=lambda f: f.name)
def test_no_script_or_style_stands_in_the_page(file: Path):
    text = file.read_text()

    assert not re.search(r"<style|<script(?![^>]+src=)|\son\w+=|\sstyle=", text)


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".js"], ids=lambda f: f.name)
def test_no_script_makes_markup_of_text(file: Path):
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", file.read_text()
    )


def test_an_unknown_path_is_404(api: Serving):
    for path in ("/nope", "/static/nope.js", "/static/../app.py", "/static/%2e%2e/app.py"):
        assert api.get(path).status_code == 404


def test_files_are_asked_for_again_only_when_they_changed(api: Serving):
    tag = api.get("/static/base.css").headers["etag"]

    assert api.get("/static/base.css", **{"If-None-Match": tag}).status_code == 304
