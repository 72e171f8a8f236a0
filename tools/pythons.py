"""Which Python the environment is built with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.commands import SetupError, output

CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3")
OLDEST = (3, 11)
NEWEST = (3, 13)
PROBE = "import sys; print(sys.version_info[0], sys.version_info[1], sys.executable)"
WANTED = "Python 3.11, 3.12 or 3.13 with its venv module"
ADVICE = (
    "install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install "
    "python@3.13) or name one: make setup PYTHON=/path/to/python3.12"
)


@dataclass(frozen=True)
class Python:
    """An interpreter that runs: its version and the file it is."""

    version: tuple[int, int]
    path: str


def supported(version: tuple[int, int]) -> bool:
    """Whether the locks were made for this version."""
    return OLDEST <= version <= NEWEST


def probe(command: str) -> Python | None:
    """The interpreter `command` starts, or None: a name on PATH may be a shim of nothing."""
    words = (output([command, "-c", PROBE]) or "").split(maxsplit=2)
    if len(words) != 3:
        return None
    return Python((int(words[0]), int(words[1])), words[2].strip())


def has_venv(python: Python) -> bool:
    """Whether it can make an environment with pip; Debian packs that apart."""
    return output([python.path, "-c", "import venv, ensurepip"]) is not None


def choose(
    names: Sequence[str] = CANDIDATES,
    *,
    probe: Callable[[str], Python | None] = probe,
    has_venv: Callable[[Python], bool] = has_venv,
) -> Python:
    """The newest supported interpreter among `names`; of equals the first named.

    Raises
    ------
    SetupError
        when there is none, saying what was found instead and what to install.
    """
    found = [python for python in map(probe, names) if python]
    usable = [python for python in found if supported(python.version)]
    for python in sorted(usable, key=lambda python: python.version, reverse=True):
        if has_venv(python):
            return python
    seen = sorted({f"{major}.{minor}" for major, minor in (python.version for python in found)})
    without = " without venv" if usable else ""
    got = f"Python {', '.join(seen)}{without}" if seen else "no Python that runs"
    raise SetupError(f"expected {WANTED}, found {got} as {', '.join(names)}: {ADVICE}")


def wanted_names() -> tuple[str, ...]:
    """What to try: only `PYTHON` from the environment when set, else the usual names."""
    named = os.environ.get("PYTHON")
    return (named,) if named else (*CANDIDATES, sys.executable)
