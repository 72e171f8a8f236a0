"""Kafka's class archive: made once, and never a reason not to start."""

import pytest

from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from leaderboard.stack import install as module
from leaderboard.stack import kafka
from leaderboard.stack.install import TRAINING, install
from leaderboard.stack.jars import jar_folder


@pytest.fixture
def empty_cache(own: Settings, tmp_path, servers) -> Settings:
    """A cache with the jars of the session's servers and no archive."""
    cache = tmp_path / "cache"
    cache.mkdir()
    jar_folder(cache).symlink_to(jar_folder(own.cache_dir).absolute())
    return own.with_(cache_dir=cache)


def test_the_archive_is_made_once(empty_cache: Settings):
    left = empty_cache.cache_dir / f"{TRAINING}killed"
    left.mkdir()
    said: list[str] = []
    program = install(empty_cache, said.append)
    assert program.archive.stat().st_size > 10_000_000
    assert install(empty_cache, said.append) == program
    assert len(said) == 1
    assert not list(empty_cache.cache_dir.glob(TRAINING + "*"))


def test_without_an_archive_starts_are_only_slower(empty_cache: Settings, monkeypatch):
    def fail(_settings: Settings, _program: kafka.Program) -> None:
        raise ServersError("no room")

    monkeypatch.setattr(module, "make_archive", fail)
    said: list[str] = []
    program = install(empty_cache, said.append)
    assert not any("AOTCache" in word for word in program.command("kafka.Kafka"))
    assert install(empty_cache, said.append) == program
    assert [line.partition(",")[0] for line in said] == [
        "preparing Kafka for fast starts",
        "starts stay slower",
    ]
