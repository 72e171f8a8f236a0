"""The load: its schedule, its commands, and what the producer guarantees."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.errors import ServersError
from leaderboard.model.events import BadRecord, decode
from leaderboard.model.simulate import Profile, Simulator
from leaderboard.pipeline.load import Load, Pace, Stamps, TimesEndError, run_load
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Outgoing, Producer, RateMeter
from tests.pipeline.pipes import START, Pipe
from tests.waiting import until


@given(st.floats(0.5, 5000), st.lists(st.floats(0, 0.3), max_size=30))
def test_an_open_loop_schedule_owes_nothing_and_gives_nothing(rate: float, gaps: list[float]):
    """However irregularly it is asked, after t seconds floor(rate * t) + 1 events were due."""
    pace, now, taken = Pace(rate, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += pace.take(now, 10**9)
    assert abs(taken - (rate * now + 1 if gaps else 0)) <= 1.001


def test_a_burst_is_bounded_and_made_up_for():
    pace = Pace(1000, 0.0)
    assert pace.take(1.0, 500) == 500
    assert pace.take(1.0, 500) == 500
    assert pace.take(1.0, 500) == 1
    assert pace.wait_s(1.0) == pytest.approx(0.001)


def test_rate_zero_never_waits():
    pace = Pace(0, 0.0)
    assert (pace.take(0.0, 500), pace.wait_s(0.0)) == (500, 0.0)


def test_a_new_rate_counts_from_its_change():
    pace = Pace(1, 0.0)
    pace.take(0.0, 10)
    pace.restart(100, 0.5)
    assert pace.take(0.6, 100) == 10


def test_event_times_stay_in_the_years_that_events_may_have():
    last = datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
    for step_s in (1, 1e12):
        stamps = Stamps(last, timedelta(seconds=step_s))
        assert stamps.next() == last
        with pytest.raises(TimesEndError, match="1970 to 9998"):
            stamps.next()
    for year in (1969, 9999):
        with pytest.raises(ValueError, match="start: expected one of the years 1970 to 9998"):
            Stamps(last.replace(year=year))


def test_the_rate_meter_measures_its_window():
    now = [0.0]
    meter = RateMeter(1.0, clock=lambda: now[0])
    rates = []
    for tick in range(31):
        now[0] = tick / 10
        rates.append(meter.update(tick if tick <= 20 else 20))
    assert rates[0] == 0
    assert rates[15] == pytest.approx(10)
    assert rates[30] == pytest.approx(0)


@pytest.mark.parametrize(
    "wrong",
    [{"rate": -1}, {"rate": "fast"}, {"rate": True}, {"rate": float("nan")}, {"players": 0},
     {"players": "x"}, {"skew": 9}, {"mix": {"nonsense": 1}}, {"speed": 3}],
)  # fmt: skip
def test_a_wrong_command_changes_nothing(wrong: dict[str, object]):
    load = Load(5, Profile())
    with pytest.raises(ValueError, match=next(iter(wrong))):
        load.command({"rate": 7, **wrong} if "rate" not in wrong else wrong)
    assert (load.rate, load.profile, load.version) == (5, Profile(), 0)


def test_commands_reach_a_running_producer(pipe: Pipe):
    load, reports = Load(5, Profile()), []
    with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
        simulator = Simulator(1, datetime.now(UTC), load.profile)
        thread = threading.Thread(
            target=run_load, args=(producer, simulator, load, Stamps()),
            kwargs={"on_metrics": reports.append},
        )  # fmt: skip
        thread.start()
        load.command({"rate": 200, "players": 1, "mix": {"player_joined": 1}})
        until(lambda: producer.acked > 100)
        assert reports[-1]["target"] == 200
        load.command({"pause": True})
        until(lambda: reports[-1]["paused"])
        at_pause = producer.acked
        until(lambda: reports[-1]["rate"] == 0)
        assert producer.acked <= at_pause + 1
        load.command({"stop": True})
        thread.join(30)
    assert not thread.is_alive()
    events = [decode(r.value) for r in read_log(pipe.settings.kafka, pipe.settings.topic)]
    assert len(events) == producer.acked
    others = [e for e in events if isinstance(e, BadRecord) or e.player_id != "player_001"]
    assert len(others) <= 3  # sent before the command arrived


def test_a_number_of_events_is_met_exactly_and_repeats_to_the_byte(pipe: Pipe):
    logs = []
    for _ in range(2):
        with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
            simulator = Simulator(4, START)
            stamps = Stamps(START)
            assert run_load(producer, simulator, Load(0, Profile()), stamps, events=1234) == 1234
        records = list(read_log(pipe.settings.kafka, pipe.settings.topic))
        logs.append(sorted(r.value for r in records[len(logs) :]))
    assert len(logs[1]) + 1 == 2 * len(logs[0])
    assert len(set(logs[0])) == len(set(logs[1])) == 1234


def test_sending_to_a_topic_that_does_not_exist_says_so(settings):
    producer = Producer(settings.kafka, settings.topic)
    producer._kafka.config["max_block_ms"] = 1000  # the client's own limit is a minute
    with pytest.raises(ServersError, match=r"does the topic exist"):
        producer.send_raw(b"x", b"k")
    producer.close()


@pytest.mark.parametrize("rate", [20, 200, 1000])
def test_the_rate_is_kept_within_5_percent(pipe: Pipe, rate: int):
    """Open loop: what a hiccup delays is made up for, so the count follows rate x time."""
    load, reports = Load(rate, Profile()), []
    with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
        simulator = Simulator(1, START, load.profile)
        sent = run_load(producer, simulator, load, Stamps(), seconds=3, on_metrics=reports.append)
    assert abs(sent - 3 * rate) <= 0.05 * 3 * rate + 1
    assert reports[-1]["sent"] == sent


def test_a_command_that_comes_before_the_run_counts(pipe: Pipe):
    load = Load(0, Profile())
    simulator = Simulator(1, START, load.profile)
    load.command({"players": 1})
    with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
        run_load(producer, simulator, load, Stamps(), events=100)
    events = [decode(r.value) for r in read_log(pipe.settings.kafka, pipe.settings.topic)]
    assert {e.player_id for e in events if not isinstance(e, BadRecord)} == {"player_001"}


def test_what_could_not_be_sent_again_is_not_forgotten(pipe: Pipe):
    with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
        producer._refused.extend([Outgoing(b"a", b"k"), Outgoing(b"b", b"k")])
        post = producer._post
        producer._post = _fail  # type: ignore[method-assign]  # the fault
        with pytest.raises(ServersError):
            producer.flush()
        producer._post = post  # type: ignore[method-assign]
        producer.flush()
        assert producer.acked == 2
    assert len(list(read_log(pipe.settings.kafka, pipe.settings.topic))) == 2


def _fail(record: Outgoing) -> None:
    raise ServersError("away")
