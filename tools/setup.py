"""Make `.venv` hold what the locks say: `python -m tools.setup [lab | check | test]`.

`lab` is what a learner needs, `check` adds the test packages, `test` a browser, a
redis-server and a Prometheus. A second run with unchanged locks does nothing; an interrupted one
is repaired.
Standard library only, and readable by old Pythons, so that those get a clear message.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import installers, machine, pythons
from tools.commands import SetupError, output, run, say
from tools.stamps import Stamps, fingerprint

ROOT = Path(__file__).resolve().parents[1]
GOALS = ("lab", "check", "test")
VENV_TIMEOUT_S = 300


@dataclass(frozen=True)
class Lock:
    """A lock file, how many packages it names and what they weigh to download (measured)."""

    name: str
    packages: int
    megabytes: int


BUILD = Lock("build", 8, 18)
LAB = Lock("lab", 150, 140)
TEST = Lock("test", 175, 220)


def main(arguments: list[str]) -> int:
    """Set up for one goal; exit status 0, 1 for a failure, 2 for wrong use, 130 for Ctrl-C."""
    goal = arguments[0] if arguments else "lab"
    if len(arguments) > 1 or goal not in GOALS:
        sys.stderr.write(f"set-up: expected one of {', '.join(GOALS)}, got {arguments}\n")
        return 2
    try:
        with only_one(ROOT):
            set_up(ROOT, goal)
    except SetupError as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("set-up: interrupted; the next run repairs what was begun\n")
        return 130
    return 0


def set_up(root: Path, goal: str) -> None:
    """Bring the environment under `root` up to date for `goal`.

    Raises
    ------
    SetupError
        when a step failed after its retries.
    """
    venv = root / ".venv"
    stamps = usable_environment(venv)
    install(root, venv, stamps, BUILD)
    install(root, venv, stamps, LAB if goal == "lab" else TEST)
    install_package(root, venv, stamps)
    if goal == "test":
        machine.need_browser(root, venv)
        machine.need_redis_server()
        machine.need_prometheus()


def usable_environment(venv: Path) -> Stamps:
    """The environment's stamps; the environment is made anew when it can not be trusted.

    Raises
    ------
    SetupError
        when no suitable Python is there or the environment can not be made.
    """
    stamps = Stamps(venv)
    why = unusable(venv, stamps)
    if not why:
        return stamps
    python = pythons.choose(pythons.wanted_names())
    say(f"{why}: making .venv with Python {python.version[0]}.{python.version[1]} ({python.path})")
    if venv.exists() or venv.is_symlink():
        remove(venv)
    command = [python.path, "-m", "venv", str(venv)]
    run(command, what="making .venv", timeout_s=VENV_TIMEOUT_S)
    return Stamps(venv)


def unusable(venv: Path, stamps: Stamps) -> str:
    """Why the environment must be made anew; empty when it can be used or completed."""
    if not venv.exists():
        return "no environment yet"
    if stamps.moved:
        return "the checkout was moved"
    if stamps.begun:
        return f"the last set-up stopped while installing {stamps.begun}"
    if not (venv / "bin/python").exists():
        return "the environment's Python is gone"
    if stamps.done:
        return ""
    version = "import pip, sys; print(*sys.version_info[:2])"
    words = (output([str(venv / "bin/python"), "-c", version]) or "0 0").split()
    if pythons.supported((int(words[0]), int(words[1]))):
        return ""
    return "the environment is incomplete or of another Python"


def install(root: Path, venv: Path, stamps: Stamps, lock: Lock) -> None:
    """Install a lock file's packages unless the same file was installed before.

    Raises
    ------
    SetupError
        when uv and pip failed.
    """
    file = root / "requirements" / f"{lock.name}.lock"
    state = fingerprint([file])
    if stamps.is_done(lock.name, state):
        return
    amount = f"{lock.packages} packages, up to about {lock.megabytes} MB to download"
    say(f"installing requirements/{lock.name}.lock: {amount}")
    arguments = ["--require-hashes", "--requirement", str(file)]
    with stamps.step(lock.name, state):
        if lock is BUILD:
            installers.pip(venv, arguments, "installing uv and the build tools")
        else:
            installers.uv_else_pip(venv, arguments, f"installing requirements/{lock.name}.lock")
    if lock is TEST:  # it holds all of the lab lock (tools.locks checks that)
        stamps.mark(LAB.name, fingerprint([root / "requirements" / f"{LAB.name}.lock"]))


def install_package(root: Path, venv: Path, stamps: Stamps) -> None:
    """Install this checkout itself, editable, with the locked build tools and no others.

    Raises
    ------
    SetupError
        when uv and pip failed, or no command came out.
    """
    state = fingerprint([root / "pyproject.toml", root / "requirements/build.lock"])
    command = venv / "bin/leaderboard"
    if stamps.is_done("package", state) and command.exists():
        return
    say("installing this checkout: nothing to download")
    arguments = ["--no-deps", "--no-build-isolation", "--editable", str(root)]
    with stamps.step("package", state):
        installers.uv_else_pip(venv, arguments, "installing this checkout")
        if not command.exists():
            raise SetupError(f"expected {command} after the installation, found none: make clean")
    say("done: the command is .venv/bin/leaderboard")


def remove(folder: Path) -> None:
    """Delete an environment, or the link to one.

    Raises
    ------
    SetupError
        when files are in use or belong to someone else.
    """
    try:
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise SetupError(f"could not delete {folder}: {error}; delete it by hand") from error


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Let one set-up at a time touch the environment; a second one waits and says so."""
    folder = root / ".cache"
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
