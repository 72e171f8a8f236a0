"""Peers are installed once, each from its pinned file; who can not be is told why."""

import subprocess
from pathlib import Path

import pytest

from benchmarks import environments
from benchmarks.environments import ALL, PEERS, MissingError, Peer, python_of
from benchmarks.lineup import PEERS as LINEUP
from tests.setup.fake_machine import touch
from tools import commands

PEER = Peer("aiokafka", 5, 2)


@pytest.fixture
def commands_run(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run; making an environment makes its folder."""
    seen: list[list[str]] = []

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        seen.append(command)
        if "venv" in command:
            touch(Path(command[-1]) / "bin/python")
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(commands.subprocess, "run", run)
    return seen


def test_every_peer_has_its_folder_and_its_contestants() -> None:
    folders = {p.name for p in PEERS.iterdir() if (p / "requirements.txt").exists()}

    assert folders == {peer.name for peer in ALL} == {peer.name for peer in LINEUP}
    assert all((PEERS / name / "__main__.py").exists() for name in folders)


def test_it_is_installed_with_hashes_and_once(
    commands_run: list[list[str]], tmp_path: Path
) -> None:
    python = python_of(PEER, tmp_path)
    first = [command for command in commands_run if "list" not in command]
    python_of(PEER, tmp_path)

    assert python == tmp_path / ".cache/benchmarks/aiokafka/bin/python"
    assert [c for c in commands_run if "list" not in c] == first
    assert "venv" in first[0]
    assert {"--require-hashes", f"--python={python}", str(tmp_path / ".venv/bin/uv")} <= set(
        first[1]
    )


def test_a_newer_python_than_it_has_releases_for_is_told(
    commands_run: list[list[str]], tmp_path: Path
) -> None:
    with pytest.raises(MissingError, match=r"old has releases up to Python 3\.10, this is 3\."):
        python_of(Peer("old", 1, 1, newest=(3, 10)), tmp_path)

    assert commands_run == []


def test_a_failed_installation_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise commands.SetupError("making aiokafka failed: no space")

    monkeypatch.setattr(environments, "run", refuse)

    with pytest.raises(MissingError, match="could not be installed: making aiokafka failed: no sp"):
        python_of(PEER, tmp_path)
