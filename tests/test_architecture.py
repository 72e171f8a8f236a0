"""Arrows point one way: which room may import which, read from the imports themselves."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "leaderboard"
MAY_IMPORT = {
    "errors": set(),
    "settings": {"errors"},
    "model": set(),
    "store": {"model", "errors"},
    "pipeline": {"model", "store", "settings", "errors"},
    "stack": {"settings", "errors"},
    "api": {"model", "store", "pipeline", "settings", "errors"},
    "lab": {"model", "store", "pipeline", "stack", "api", "settings", "errors"},
    "cli": {"model", "store", "pipeline", "stack", "api", "lab", "settings", "errors"},
    "__main__": {"cli"},
    "__init__": {"lab"},
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("leaderboard.")}
    return ours - {room(path)}


def test_every_room_is_described():
    assert {room(path) for path in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_one_way(path: Path):
    assert rooms_imported(path) <= MAY_IMPORT[room(path)]


def test_the_model_is_pure():
    """No I/O, no clock, no global randomness: it imports only what computes."""
    allowed = {
        "msgspec", "bisect", "collections", "dataclasses", "datetime", "functools", "itertools",
        "json", "math", "random", "re", "tomllib", "typing", "uuid", "zoneinfo", "leaderboard",
        "fastavro", "io",  # bytes in memory to values and back
    }  # fmt: skip
    for path in (PACKAGE / "model").glob("*.py"):
        assert {name.split(".")[0] for name in imports(path)} <= allowed, path
        text = path.read_text()
        assert "datetime.now" not in text, path
        assert "import random" not in text, path


def test_only_settings_reads_the_environment():
    for path in SOURCES:
        if room(path) in ("settings", "cli", "lab", "stack"):
            continue  # these pass the environment on to child processes
        assert "os.environ" not in path.read_text(), path
        assert "getenv" not in path.read_text(), path


def test_the_package_is_light_to_import():
    """`import leaderboard` opens nothing and loads no heavy library."""
    import subprocess

    code = "import sys, leaderboard; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"kafka", "redis", "pandas", "plotly", "fastapi"} & set(loaded)
