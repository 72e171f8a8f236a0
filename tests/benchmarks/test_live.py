"""The parts about the live side work on a few events, and see what is wrong. Never a time."""

import doctest
import json
from importlib import import_module

import pytest
from redis import Redis

from benchmarks import api, idle, latency, soak, websocket
from benchmarks.http_load import Answers
from benchmarks.pipeline import pipeline
from benchmarks.programs import FailedError, Program, Used, program
from benchmarks.results import Options, Part
from benchmarks.servers import Servers
from benchmarks.socket_clients import Came
from benchmarks.targets import TARGETS
from leaderboard.store.keys import Keys

SHORT = Options(rounds=1, short=True, progress=False)


def assert_right(part: Part) -> None:
    """It reports what it promises, and that every end state was right."""
    assert set(part.ratios) == {target.name for target in TARGETS if target.part == part.name}
    assert all(value > 0 for name, value in part.ratios.items() if "gain" not in name)
    rows = [row for rows in part.tables.values() for row in rows]
    assert [row["wrong"] for row in rows if row.get("wrong")] == []


@pytest.mark.parametrize(
    "name",
    ["quantiles", "http_load", "pipeline", "websocket", "soak"],
)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(f"benchmarks.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_api(running: Servers) -> None:
    part = api.measure(running, SHORT)

    assert_right(part)
    asked = [(row["contestant"], row["board"]) for row in part.tables["requests"]]
    assert asked.count(("snapshot", "changing")) == len(api.CONNECTIONS)
    assert asked.count(("snapshot, 304", "still")) == len(api.CONNECTIONS)


def test_answers_of_another_status_are_wrong() -> None:
    assert api.wrong_of(Answers({200: 5}, 1.0), 200) == ""
    assert "{503: 2}" in api.wrong_of(Answers({200: 5, 503: 2}, 1.0), 200)


def test_websocket(running: Servers) -> None:
    row = websocket.measure(running, 20, SHORT)

    assert row["wrong"] == ""
    assert row["never_reading"] == 1
    assert row["cpu_us"] > 0
    assert row["event_to_client_ms_max"] >= row["event_to_client_ms_p50"] > 0


class Told(Program):
    """A program that always says the same."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def ask(self, kind: type, question: str = "") -> object:
        return self._answer


def push_of(events: int) -> str:
    return json.dumps({"data": {"leaderboard": {"counts": {"applied": events}}}})


@pytest.mark.parametrize(
    ("came", "wrong"),
    [
        (Came(9, 1, [push_of(70)], 3, []), ""),
        (Came(9, 1, [push_of(69), push_of(70)], 3, []), "show [69, 70] events, expected 70"),
        (Came(9, 1, [push_of(70)], 2, []), "2 of 3 clients are connected"),
    ],
)
def test_a_client_that_is_behind_or_gone_is_wrong(
    came: Came, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "SETTLE_S", 0.0)

    found = websocket.settle(Told(came), 3, 70)[1]

    assert wrong in found
    assert bool(wrong) == bool(found)


def test_a_client_that_never_reads_and_is_kept_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SETTLE_S", 0.0)

    assert websocket.drop(Told(Used(0.0, 0, 3)), 3) == ""
    assert "1 clients that never read" in websocket.drop(Told(Used(0.0, 0, 4)), 3)


def test_latency(running: Servers) -> None:
    part = latency.measure(running, SHORT)

    assert_right(part)
    assert [row["load"] for row in part.tables["latency"]] == ["steady", "50 %"]


def test_idle_and_what_differs_from_the_log_is_wrong(running: Servers) -> None:
    with pipeline(running) as pipe:
        assert_right(idle.measure(pipe, SHORT))

        board = Keys(pipe.settings.key_prefix).board
        best = running.redis.zrevrange(board, 0, 0)[0]
        running.redis.zincrby(board, 1, best)

        assert best.decode() in pipe.verify()


def test_soak(running: Servers) -> None:
    part = soak.measure(running, SHORT)

    assert_right(part)
    assert len(part.tables["samples"]) == soak.SHORT_SAMPLES
    assert {row["kind"] for row in part.tables["redis"]} > {"processed:events", "player:stats"}


def test_a_program_that_ends_too_early_is_told_with_its_errors(running: Servers) -> None:
    with (
        pytest.raises(FailedError, match=r"No module named benchmarks\.nothing"),
        program(running.settings, "-m", "benchmarks.nothing") as started,
    ):
        started.line()


def test_memory_that_grows_or_is_too_much_is_wrong() -> None:
    assert soak.verdict(most_mb=100, gain_mb=1, for_s=600) == ""
    assert "grows: 9.0 MB" in soak.verdict(most_mb=100, gain_mb=9, for_s=600)
    assert soak.verdict(most_mb=100, gain_mb=9, for_s=60) == ""
    assert "held 200 MB" in soak.verdict(most_mb=200, gain_mb=0, for_s=60)


def test_what_keys_take_is_told_by_kind(running: Servers) -> None:
    redis: Redis = running.redis
    redis.sadd("k:processed:events:t:0:1", "a", "b")
    redis.sadd("k:processed:events:t:1:1", "c")

    (kind,) = soak.kinds(redis, "k:")

    assert (kind["kind"], kind["keys"], kind["entries"]) == ("processed:events", 2, 3)
    assert kind["mb"] > 0
