"""The other parts in their short form: each works and reports what its tables promise."""

from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from benchmarks import boards, reads, rebuild, scale, sweep
from benchmarks.checks import End
from benchmarks.datasets import Topic
from benchmarks.results import Options, find
from benchmarks.servers import Servers
from benchmarks.targets import BY_NAME

SHORT = Options(rounds=1, short=True, progress=False)


def test_boards_report_one_against_nine() -> None:
    part = boards.run(SHORT)

    rows = part.tables["boards"]
    assert [(row["set"], row["boards"]) for row in rows] == [
        ("uniform", 1), ("uniform", 9), ("zipf", 1), ("zipf", 9),
    ]  # fmt: skip
    worst = max(boards.total(rows[i + 1]) / boards.total(rows[i]) for i in (0, 2))
    assert part.ratios == {"nine boards/one": pytest.approx(worst, rel=0.01)}
    assert part.ratios.keys() <= BY_NAME.keys()


def test_reads_report_every_read_with_its_server_time() -> None:
    part = reads.run(SHORT)

    rows = part.tables["reads"]
    assert len(rows) == 18
    assert all(row["us_low"] <= row["us"] <= row["us_high"] for row in rows)
    assert find(rows, read="10 around a player")["server_us"] > 0


def test_rebuild_reports_how_long_a_swap_stops_redis() -> None:
    part = rebuild.run(SHORT)

    rows = part.tables["swap"]
    assert [(row["append_only"], row["keys"]) for row in rows] == [("no", 2002), ("yes", 2002)]
    assert all(row["swap_ms"] > 0 and row["busy_replies"] == 0 for row in rows)


def test_scale_counts_on_top_of_boards_and_with_several_processors() -> None:
    part = scale.run(Options(rounds=2, short=True, progress=False))

    players, processors = part.tables["players"], part.tables["processors"]
    assert [(row["players"], row["wrong"]) for row in players] == [(1_000, ""), (3_000, "")]
    assert [(r["processors"], r["partitions"], r["wrong"]) for r in processors] == [(2, 4, "")]
    assert part.ratios == {}, "a ratio of other sizes is none"


def test_points_beside_those_of_the_events_are_found(running: Servers, topic: Topic) -> None:
    with scale.seated(running, (10_000, 10_000), progress=False) as (one, other):
        other.redis.zincrby(scale.KEYS.board, 1, "player_001")

        wrong = [scale.on_top(10_000, 0)(End(place, topic, Path())) for place in (one, other)]

    assert wrong[0] == ""
    assert wrong[1].startswith("1 differences, the first: player_001: expected 1000, got 1001")


def test_sweep_reports_speed_and_latency_of_each_point(running: Servers) -> None:
    settings = running.settings.with_(kafka=running.kafka, redis=running.redis_url)

    rows = sweep.sweep(settings, (1, 500), (20,), most=600, seconds=0.3, progress=False)

    assert [(row["batch"], row["wait_ms"]) for row in rows] == [(1, 20), (500, 20)]
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in rows)
    assert all(row["events_per_s"] > 0 for row in rows)
    assert running.redis.dbsize() == 0, "it leaves no key"
    with KafkaAdminClient(bootstrap_servers=running.kafka) as admin:
        assert not [g for g in admin.list_groups() if "sweep" in g["group_id"]]
        assert not [topic for topic in admin.list_topics() if "sweep" in topic]


def test_a_lingering_producer_makes_events_older(running: Servers) -> None:
    settings = running.settings.with_(kafka=running.kafka, redis=running.redis_url)

    (row,) = sweep.sweep(
        settings, (500,), linger_ms=400, rate=50, most=100, seconds=0.5, progress=False
    )

    assert row["p50_ms"] > 100


def test_points_of_several_rounds_are_merged() -> None:
    point = {"batch": 1, "wait_ms": 20, "p50_ms": 1.0, "p99_ms": 2.0}

    row = sweep.merged([point | {"events_per_s": rate} for rate in (3.0, 9.0, 5.0)])

    assert (row["batch"], row["events_per_s"], row["events_per_s_high"]) == (1, 5.0, 9.0)
