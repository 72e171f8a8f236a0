"""The throughput part on few events: every end state is right, and a wrong one is called wrong."""

from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from benchmarks import checks, lineup, throughput
from benchmarks.checks import End
from benchmarks.contest import Contestant, Measure, run
from benchmarks.datasets import UNIFORM, ZIPF, Topic, fill
from benchmarks.layers import by_itself
from benchmarks.lineup import Lineup
from benchmarks.peers.summing import Sums
from benchmarks.results import Options, Part, find
from benchmarks.rounds import Entry, once, row
from benchmarks.servers import Servers, can_pin
from benchmarks.targets import BY_NAME

PINNED = can_pin()


@pytest.fixture(scope="module")
def part(running: Servers) -> Part:
    taking_part = Lineup(lineup.installed(), [("memory", "absent", "it is not there")])
    return throughput.measure(running, taking_part, Options(rounds=1, short=True, progress=False))


def test_every_contestant_reaches_the_right_end_state(part: Part) -> None:
    rows = [row for table in ("memory", "redis", "limits") for row in part.tables[table]]
    taking_part = {c.name for c in lineup.installed()}

    assert {r["contestant"] for r in rows} == taking_part | {"absent"}
    assert lineup.CONFLUENT_ONE in taking_part, "make test installs confluent-kafka"
    assert [r["wrong"] for r in rows if "wrong" in r] == [""] * len(taking_part)


def test_costs_are_told_apart(part: Part) -> None:
    ours = find(part.tables["redis"], contestant="ours")
    poll = find(part.tables["limits"], contestant=lineup.POLL.name)

    assert ours["pinned"] is PINNED
    assert min(ours["events_per_s"], ours["client_us"], ours["redis_us"]) > 0
    assert ours["client_us_low"] <= ours["client_us"] <= ours["client_us_high"]
    assert poll["redis_us"] < ours["redis_us"], "a bare poll leaves Redis alone"


def test_who_takes_no_part_is_told(part: Part) -> None:
    assert find(part.tables["memory"], contestant="absent")["missing"] == "it is not there"


def test_ratios_have_targets_and_only_what_was_measured(part: Part) -> None:
    assert set(part.ratios) == {
        "ours/naive zipf", "ours/poll+decode zipf", "redis/pre-built call",
        "cpu kafka-python/confluent",
    }  # fmt: skip
    assert part.ratios.keys() <= BY_NAME.keys()


def test_layers_add_up_to_the_whole(part: Part) -> None:
    ours = find(part.tables["redis"], contestant="ours")
    layers = [line for line in part.tables["stack"] if line["boards"] == "one"]
    client = [line["us"] for line in layers if line["layer"] not in ("broker", "redis")]

    assert sum(client) == pytest.approx(ours["client_us"])
    assert [line["layer"] for line in layers] == [
        "broker", "poll and the rest", "decode", "fold", "pack and call", "redis",
    ]  # fmt: skip
    assert find(layers, layer="redis")["limit_us"] > 0


def test_the_pre_built_calls_do_what_ours_do(running: Servers, topic: Topic) -> None:
    us = by_itself(running, topic)

    assert checks.nine_boards(End(running, topic, Path())) == "", "left by the repeated calls"
    assert us["pre-built redis, nine"] > 0
    assert us["pre-built client, nine"] < us["pack and call, nine"]


def test_events_lost_on_the_way_to_redis_are_reported(running: Servers, topic: Topic) -> None:
    loses = changed(lineup.NAIVE, options={"loses": 50})

    told = row(Entry(loses, topic, False), [once(running, Entry(loses, topic, False))])

    assert "differences, the first: " in told["wrong"]
    assert told["events_per_s"] > 0, "it is reported, not dropped"


def test_one_wrong_round_makes_the_row_wrong(topic: Topic) -> None:
    measures = [Measure(9.0, 1.0, 1.0, 1.0, 1.0, wrong) for wrong in ("", "one lost", "")]

    assert row(Entry(lineup.ONE, topic, False), measures)["wrong"] == "one lost"


def test_ours_on_the_wrong_boards_is_reported(running: Servers, topic: Topic) -> None:
    wrong = changed(lineup.ONE, check=checks.nine_boards)

    assert "boards:definitions" in run(wrong, running, topic).wrong


def test_two_of_ours_share_the_topic(running: Servers, topic: Topic) -> None:
    two = changed(lineup.NINE, members=2)

    assert run(two, running, topic).wrong == ""


def test_a_contestant_that_dies_is_reported_with_its_error(running: Servers, topic: Topic) -> None:
    broken = Contestant("broken", "memory", lineup.JSON.module, options={"decode": "nothing"})

    assert "KeyError: 'nothing'" in once(running, Entry(broken, topic, False)).wrong


def test_wrong_sums_are_found(running: Servers, topic: Topic, tmp_path: Path) -> None:
    totals = tmp_path / "totals.json"
    end = End(running, topic, totals)
    assert checks.sums(end).startswith("no totals: ")

    best = max(topic.totals, key=lambda player: topic.totals[player])
    totals.write_text(f'{{"{best}": {topic.totals[best] + 1}}}')

    assert checks.sums(end).startswith(f"{len(topic.totals)} differences, the first: ")


def test_the_topic_must_hold_what_was_sent(running: Servers) -> None:
    fill(running.kafka, running.settings, UNIFORM, 50)

    with pytest.raises(AssertionError, match="holds 100 records, expected 50"):
        fill(running.kafka, running.settings, UNIFORM, 50)  # sends them once more


def test_what_a_peer_sums(capsys: pytest.CaptureFixture[str]) -> None:
    sums = Sums(3)
    scored = {"event_type": "player_scored", "player_id": "a", "points": 5}

    done = [sums.add(event) for event in (scored, {"event_type": "player_joined"}, scored)]

    assert done == [False, False, True]
    assert sums.totals == {"a": 10}
    assert [line[:16] for line in capsys.readouterr().out.splitlines()] == [
        '{"what": "start"', '{"what": "end", ',
    ]  # fmt: skip


def test_ratios_of_a_wrong_contestant_are_left_out() -> None:
    from benchmarks.ratios import ratios

    def line(name: str, rate: float, wrong: str = "") -> dict[str, object]:
        return {
            "contestant": name, "set": ZIPF.name, "pinned": True, "events_per_s": rate,
            "client_us": 1.0, "redis_us": 4.0, "wrong": wrong,
        }  # fmt: skip

    layers = [{"set": ZIPF.name, "layer": "pre-built redis, one", "us": 2.0}]
    tables = {
        "redis": [line(lineup.ONE.name, 80.0), line(lineup.NAIVE.name, 1.0, wrong="lost some")],
        "limits": [line(lineup.POLL_DECODE.name, 100.0)],
        "memory": [line(lineup.FAUST_NAME, 10.0)],
        "layers": layers,
    }

    found, both = ratios(tables)  # type: ignore[arg-type]  # rows are dicts of anything

    assert found == {
        "ours/poll+decode zipf": 0.8, "ours/faust": 8.0, "redis/pre-built call": 2.0,
    }  # fmt: skip
    assert find(both, ratio="ours/naive zipf") == {
        "ratio": "ours/naive zipf", "pinned": None, "unpinned": None,
    }  # fmt: skip
