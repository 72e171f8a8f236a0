"""The lock files, and fetching what they name."""

import hashlib
import re
import threading
from pathlib import Path

import pytest

from leaderboard.errors import DownloadError
from leaderboard.stack import fetch as fetch_module
from leaderboard.stack.fetch import PART, fetch
from leaderboard.stack.jars import HERE, Jar, Lock, jar_folder, read_lock

BODY = {"one": b"1" * 1000, "two": b"2" * 2000}
LOCKS = ["kafka", "kafka-zookeeper"]


def jar(name: str) -> Jar:
    body = BODY[name]
    return Jar("group", name, "1.0", hashlib.sha256(body).hexdigest(), len(body))


LOCK = Lock("test", tuple(jar(name) for name in BODY))


class Registry:
    """Stands for Maven: serves BODY, or what a test makes of it, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, list[bytes | OSError]] = {}

    def download(self, jar: Jar, folder: Path) -> Path:
        self.asked.append(jar.artifact)
        answers = self.answers.get(jar.artifact)
        answer = answers.pop(0) if answers else BODY[jar.artifact]
        path = folder / "download"
        if isinstance(answer, OSError):
            path.write_bytes(b"half")
            raise answer
        path.write_bytes(answer)
        return path


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setattr(fetch_module, "WAIT_S", 0.0)
    return Registry()


def fetched(tmp_path: Path, registry: Registry) -> dict[str, bytes]:
    folder = fetch(LOCK, tmp_path, lambda _line: None, registry.download)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


WHOLE = {"one-1.0.jar": BODY["one"], "two-1.0.jar": BODY["two"]}


def test_what_is_missing_is_fetched_once_and_said_before(tmp_path: Path, registry: Registry):
    said: list[str] = []
    fetch(
        LOCK,
        tmp_path,
        lambda line: said.append(f"{len(registry.asked)}: {line}"),
        registry.download,
    )
    assert fetched(tmp_path, registry) == WHOLE
    assert sorted(registry.asked) == ["one", "two"]
    assert [line.partition(",")[0] for line in said] == ["0: fetching 2 files"]


@pytest.mark.parametrize(
    "damage", [b"", BODY["one"][:500], b"x" * 1000], ids=["empty", "half", "bits"]
)
def test_a_damaged_jar_is_repaired_and_the_others_are_left(
    tmp_path: Path, registry: Registry, damage: bytes
):
    fetched(tmp_path, registry)
    (jar_folder(tmp_path) / "one-1.0.jar").write_bytes(damage)
    registry.asked.clear()
    assert fetched(tmp_path, registry) == WHOLE
    assert registry.asked == ["one"]


def test_a_fetch_that_was_killed_leaves_nothing_in_the_way(tmp_path: Path, registry: Registry):
    part = jar_folder(tmp_path) / f"{PART}killed"
    part.mkdir(parents=True)
    (part / "download").write_bytes(b"half")
    assert fetched(tmp_path, registry) == WHOLE


def test_a_broken_connection_is_tried_again(tmp_path: Path, registry: Registry):
    registry.answers["one"] = [OSError("reset"), BODY["one"][:10], BODY["one"]]
    assert fetched(tmp_path, registry) == WHOLE


def test_a_jar_with_another_checksum_is_refused(tmp_path: Path, registry: Registry):
    registry.answers["one"] = [b"evil"] * 9
    with pytest.raises(DownloadError, match=r"one-1.0.jar: expected sha256 .* got .* \(4 of 1000"):
        fetched(tmp_path, registry)
    assert not (jar_folder(tmp_path) / "one-1.0.jar").exists()


def test_no_network_is_one_clear_error(tmp_path: Path, registry: Registry):
    registry.answers["two"] = [OSError("unreachable")] * 9
    with pytest.raises(
        DownloadError, match=r"two-1.0.jar: not fetched in 4 tries: unreachable; check"
    ):
        fetched(tmp_path, registry)


def test_a_cache_folder_that_can_not_be_made_is_named(tmp_path: Path, registry: Registry):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="LEADERBOARD_CACHE_DIR="):
        fetched(tmp_path / "file", registry)


def test_two_fetches_at_once_do_not_disturb_each_other(tmp_path: Path, registry: Registry):
    threads = [threading.Thread(target=fetched, args=(tmp_path, registry)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(registry.asked) == ["one", "two"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_each_file_once_and_no_place(name: str):
    lock = read_lock(name)
    assert len({jar.filename for jar in lock.jars}) == len(lock.jars)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) and jar.size > 0 for jar in lock.jars)
    assert "://" not in (HERE / f"{name}.lock").read_text()


def test_locks_agree_where_they_share_a_file():
    one, two = ({jar.filename: jar for jar in read_lock(name).jars} for name in LOCKS)
    assert all(one[name] == two[name] for name in one.keys() & two.keys())
