"""The workbench's commands, as a person types them."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leaderboard.settings import Settings
from tests.waiting import until

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
COMMAND = [sys.executable, "-m", "leaderboard"]


def leaderboard(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *words],
        env={**os.environ, **settings.environment()},
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return settings.with_(data_dir=tmp_path / "data")


def test_a_run_that_passes_and_one_that_fails(own: Settings, tmp_path: Path):
    out = str(tmp_path / "out")
    paths = [str(NOTEBOOKS / f"{name}.ipynb") for name in ("passes", "fails")]
    both = leaderboard(own, "notebooks", "run", *paths, "--output", out)
    assert both.returncode == 1
    assert "1 notebooks passed, 1 failed" in both.stdout
    assert "arithmetic is not what it was" in both.stdout
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {
        "passes.ipynb", "passes.html", "fails.failed.ipynb", "results.json",
    }  # fmt: skip
    green = leaderboard(own, "notebooks", "run", paths[0], "--set", "events=8", "--output", out)
    assert green.returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["99"], "no notebook '99'; known: 00_"),
        ([str(NOTEBOOKS / "passes.ipynb"), "--set", "evnts=8"], "known: events, rate"),
        ([str(NOTEBOOKS / "passes.ipynb"), "--set", "events=x"], "expected int, got 'x'"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(own: Settings, words: list[str], message: str):
    wrong = leaderboard(own, "notebooks", "run", *words)
    assert wrong.returncode == 2
    assert message in wrong.stderr
    assert wrong.stderr.count("\n") == 1


def test_lab_prints_a_link_that_works_and_asks_for_the_token(own: Settings):
    with lab(own, stdin=subprocess.DEVNULL) as (server, lines):
        url = re.search(r"http://\S+", lines[-1])[0]
        assert re.search(r"/lab(/tree/\d\d_\w+\.ipynb)?\?token=\w{20,}$", url)
        until(lambda: answers(url) == 200)
        api = url.partition("/lab")[0] + "/api/sessions"
        assert answers(api) == 403
        assert "(Ctrl-C stops it; the servers stay)" in lines[-1], "they are none of ours"
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


def test_one_ctrl_c_at_a_terminal_ends_lab_without_a_question(own: Settings):
    ours, theirs = pty.openpty()  # JupyterLab asks only people
    with lab(own, stdin=theirs) as (server, lines):
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    assert not [line for line in lines if "Shut down this" in line]
    os.close(ours)
    os.close(theirs)


@contextmanager
def lab(own: Settings, stdin: int) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """`leaderboard lab` once it has printed its link, and the lines that it prints."""
    server = subprocess.Popen(
        [*COMMAND, "lab", "--no-browser", "--port", "28888"],
        env={**os.environ, **own.environment()},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(server.stdout), daemon=True)
    reader.start()
    try:
        until(lambda: [line for line in lines if "JupyterLab" in line], seconds=100)
        yield server, lines
    finally:
        server.kill()
        server.wait()
        reader.join(10)
        server.stdout.close()


def answers(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
