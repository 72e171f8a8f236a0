"""README is true: routes, keys, settings, notebooks, and the commands of "Looking inside" run."""

import asyncio
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from leaderboard.api.app import create_app
from leaderboard.settings import PREFIX, Settings, project_root
from leaderboard.store import keys as keys_module
from tests.cli.commands import run

ROOT = project_root()
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Cells of the body lines of the tables in `text`."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    rules = [i for i, row in enumerate(cells) if set(row[0]) <= {"-"}]
    return [row for i, row in enumerate(cells) if not {i, i + 1} & set(rules)]


def shell_lines(text: str) -> list[str]:
    return [
        line
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip()
    ]


def test_settings_table():
    told = {row[0].strip("`"): (row[1].strip("`"), row[2]) for row in rows(section("Settings"))}
    true = {}
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Path):
            default = default.relative_to(ROOT).as_posix()
        text = ",".join(default) if isinstance(default, tuple) else str(default)
        true[PREFIX + name.upper()] = (text, field.description)
    assert told == true


def test_mistake_15_documented_routes_exist():
    app = create_app(Settings.load(), redis_url="redis://127.0.0.1:1/0", kafka="127.0.0.1:1")
    told = [
        path.split("?")[0]
        for row in rows(section("The API"))
        for path in re.findall(r"`(?:GET|WS) ([^`]+)`", row[0])
    ]
    described = set(app.openapi()["paths"])
    assert described <= set(told)

    async def statuses() -> dict[str, int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return {p: (await client.get(p)).status_code for p in set(told) - described}

    with ThreadPoolExecutor(1) as pool:  # Playwright leaves a running loop in this thread
        assert set(pool.submit(asyncio.run, statuses()).result().values()) == {200}


def test_mistake_15_documented_keys_exist():
    """The same keys as in the module that makes them, with the same types."""
    boards = (ROOT / "docs" / "boards.md").read_text().split("## Keys")[1].split("\n## ")[0]
    told = {row[0]: row[1] for row in (*rows(section("Looking inside")), *rows(boards))}
    true = {row[0]: row[1] for row in rows(keys_module.__doc__ or "")}
    assert told == true


def test_notebooks_table():
    linked = set(re.findall(r"\(notebooks/([^)]+\.ipynb)\)", README))
    assert linked == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_links_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_make_goals_exist():
    makefile = (ROOT / "Makefile").read_text()
    for goal in {"lab", "test", *re.findall(r"`make (\w+)`", README)}:
        assert re.search(rf"^{goal}:", makefile, re.MULTILINE), goal


LOOKING = shell_lines(section("Looking inside"))


@pytest.fixture(scope="module")
def filled(servers) -> Settings:
    """The session's servers with the plain names, as a reader has them, and some events."""
    settings = Settings.load(kafka=servers.kafka, redis=servers.redis)
    assert run(settings, "produce", "--events", "200", "--rate", "0", "--seed", "1").returncode == 0
    assert run(settings, "process", "--drain", "--show-every", "0").returncode == 0
    return settings


@pytest.mark.parametrize("line", LOOKING)
def test_looking_inside(filled: Settings, line: str):
    command, *args = shlex.split(line, comments=True)
    assert command == ".venv/bin/leaderboard"
    result = run(filled, *args)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def commands_shown() -> set[str]:
    lines = [shlex.split(line, comments=True) for line in shell_lines(README)]
    return {
        words[at + 1]
        for words in lines
        for at, word in enumerate(words)
        if word in ("leaderboard", ".venv/bin/leaderboard") and "activate" not in words
    }


@pytest.mark.parametrize("command", sorted(commands_shown()))
def test_every_command_shown_exists(command: str):
    assert run(None, command, "--help").returncode == 0
