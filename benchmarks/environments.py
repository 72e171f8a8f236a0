"""The peers' environments: installed from pinned files, below the cache folder, when needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from leaderboard.settings import project_root
from tools import installers
from tools.commands import SetupError, run, say
from tools.stamps import Stamps, fingerprint

PEERS: Final = Path(__file__).with_name("peers")
VENV_TIMEOUT_S: Final = 300


class Peer(Struct, frozen=True):
    """A peer's environment: packages and megabytes to download (measured); the newest Python."""

    name: str
    packages: int
    megabytes: int
    newest: tuple[int, int] = (3, 13)


CONFLUENT: Final = Peer("confluent", 2, 5)
AIOKAFKA: Final = Peer("aiokafka", 5, 2)
QUIXSTREAMS: Final = Peer("quixstreams", 42, 24)
BYTEWAX: Final = Peer("bytewax", 11, 17, newest=(3, 12))
FAUST: Final = Peer("faust", 28, 8)
ALL: Final = (CONFLUENT, AIOKAFKA, QUIXSTREAMS, BYTEWAX, FAUST)


class MissingError(Exception):
    """A peer that can not take part here. Says why."""


def python_of(peer: Peer, root: Path | None = None) -> Path:
    """The interpreter with the peer's packages; they are installed when they are not yet.

    Raises
    ------
    MissingError
        when it has no release for this Python, or could not be installed.
    """
    root = root or project_root()
    if sys.version_info[:2] > peer.newest:
        here, newest = (f"{major}.{minor}" for major, minor in (sys.version_info[:2], peer.newest))
        raise MissingError(f"{peer.name} has releases up to Python {newest}, this is {here}")
    venv = root / ".cache/benchmarks" / peer.name
    requirements = PEERS / peer.name / "requirements.txt"
    state, stamps = fingerprint([requirements]), Stamps(venv)
    if not stamps.is_done(peer.name, state) or stamps.moved:
        try:
            _install(peer, root / ".venv", venv, requirements, state)
        except SetupError as error:
            raise MissingError(f"{peer.name} could not be installed: {error}") from error
    return venv / "bin/python"


def _install(peer: Peer, ours: Path, venv: Path, requirements: Path, state: str) -> None:
    say(
        f"installing the peer {peer.name}: {peer.packages} packages, "
        f"about {peer.megabytes} MB to download"
    )
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    run(command, what=f"making {venv.name}", timeout_s=VENV_TIMEOUT_S)
    arguments = ["--require-hashes", "--requirement", str(requirements)]
    with Stamps(venv).step(peer.name, state):
        installers.uv_else_pip(ours, arguments, f"installing {peer.name}", into=venv)
