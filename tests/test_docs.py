"""docs/architecture.md names every dependency, every room and only files that exist."""

import re
import tomllib

from leaderboard.settings import project_root

ROOT = project_root()
TEXT = (ROOT / "docs/architecture.md").read_text()


def test_every_dependency_has_its_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {re.match(r"[\w-]+", line).group() for line in project["dependencies"]}  # type: ignore[union-attr]  # names begin with a letter
    table = TEXT.split("## Dependencies")[1].split("\n## ")[0]
    named = {
        name.strip()
        for row in re.findall(r"^\| ([a-z][^|]+) \|", table, re.MULTILINE)
        for name in row.split(",")
    } - {"package"}
    assert named == required


def test_every_room_is_described():
    folders = {p.name for p in (ROOT / "leaderboard").iterdir() if (p / "__init__.py").exists()}
    assert folders == set(re.findall(r"^\| `leaderboard/(\w+)`", TEXT, re.MULTILINE))


def test_files_named_exist():
    for name in re.findall(r"`((?:model|store|pipeline|api|lab|stack)/\w+\.\w+)`", TEXT):
        assert (ROOT / "leaderboard" / name).exists(), name
    for name in re.findall(r"`(tests/[\w/]+(?:\.py)?)`", TEXT):
        assert (ROOT / name).exists(), name
    for target in re.findall(r"\]\((adr/[^)]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target


def test_decisions_have_numbers_of_their_own():
    numbers = [path.name[:4] for path in (ROOT / "docs/adr").glob("*.md")]
    assert len(set(numbers)) == len(numbers)
