"""Event time through the whole pipeline when clocks are wrong or change: the oracle agrees."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from kafka import KafkaProducer

from leaderboard.model.events import GameEvent, PlayerScored, encode
from leaderboard.model.windows import micros
from leaderboard.pipeline.client import client
from tests.pipeline.pipes import Pipe

BERLIN = ZoneInfo("Europe/Berlin")
BOARDS = """
[[board]]
name = "hours"
window = "hourly"
zone = "Europe/Berlin"
lateness_s = 10800
keep = 100
[[board]]
name = "days"
window = "daily"
zone = "Europe/Berlin"
lateness_s = 10800
keep = 10
"""


def scored(n: int, at: datetime) -> GameEvent:
    return PlayerScored(
        event_id=UUID(int=n), timestamp=at, player_id="player_001", player_name="One",
        points=1, game_id="game_alpha", action="kill",
    )  # fmt: skip


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe], tmp_path: Path) -> Pipe:
    return boards_pipe(make_pipe, tmp_path)


def boards_pipe(make_pipe: Callable[..., Pipe], folder: Path, **changes: object) -> Pipe:
    declared = folder / "boards.toml"
    declared.write_text(BOARDS)
    return make_pipe(boards_file=str(declared), partitions=1, **changes)


def windows(pipe: Pipe, board: str) -> dict[str, int]:
    """The player's points by label."""
    prefix = f"{pipe.settings.key_prefix}leaderboard:{board}:"
    return {
        key.decode().removeprefix(prefix): int(pipe.redis.zscore(key, "player_001"))
        for key in pipe.redis.scan_iter(f"{prefix}*")
    }


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2025, 3, 30, tzinfo=BERLIN), 23),
                       (datetime(2025, 10, 26, tzinfo=BERLIN), 25)],
)  # fmt: skip
def test_a_day_with_a_changed_clock_counts_all_its_hours(pipe: Pipe, day: datetime, hours: int):
    """From the day before to the day after, out of order by up to two hours."""
    start = day.astimezone(UTC) - timedelta(hours=24)
    times = [start + timedelta(minutes=10 * n) for n in range(6 * (48 + hours))]
    jitter = Random(hours)
    times.sort(key=lambda at: at + timedelta(hours=jitter.uniform(0, 2)))
    pipe.send([scored(n, at) for n, at in enumerate(times)])
    totals = pipe.drain(max_poll_records=50).totals
    assert (totals.applied, totals.late) == (len(times), 0)
    assert windows(pipe, "days") == Counter(
        f"{at.astimezone(BERLIN):%Y-%m-%d}" for at in times
    )  # fmt: skip
    assert windows(pipe, "days")[f"{day:%Y-%m-%d}"] == 6 * hours
    assert set(windows(pipe, "hours").values()) == {6}
    assert len(windows(pipe, "hours")) == 48 + hours
    pipe.assert_right(len(times))


def test_a_clock_set_back_loses_no_points(pipe: Pipe):
    """Two hours of events again at the old times: none is late, as three hours are allowed."""
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    times = [noon + timedelta(minutes=m) for m in (*range(120), *range(120))]
    pipe.send([scored(n, at) for n, at in enumerate(times)])
    totals = pipe.drain(max_poll_records=50).totals
    assert (totals.applied, totals.late) == (240, 0)
    assert windows(pipe, "days") == {"2025-06-01": 240}
    pipe.assert_right(240)


def test_a_clock_days_ahead_makes_nobody_else_late(pipe: Pipe):
    """Its own event counts on its own day; the watermark does not follow it."""
    now = datetime.now(UTC)
    times = [now, now + timedelta(days=3), now, now + timedelta(hours=20), now]
    pipe.send([scored(n, at) for n, at in enumerate(times)])
    totals = pipe.drain().totals
    assert totals.applied == 5
    assert totals.late == 1  # the last: the one 20 h ahead is believed
    days = windows(pipe, "days")
    assert days[f"{times[1].astimezone(BERLIN):%Y-%m-%d}"] == 1
    assert sum(days.values()) + totals.late >= 5
    pipe.assert_right(5)


@pytest.mark.parametrize("kind", ["kafka-python", "confluent"])
def test_records_of_unknown_time_move_the_watermark(
    make_pipe: Callable[..., Pipe], tmp_path: Path, kind: str
):
    """Kafka's -1; two of known time among them, the second on a clock that is days ahead."""
    pipe = boards_pipe(make_pipe, tmp_path, kafka_client=kind)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    hours, logged = [0, 6, 1, 7, 200, 1], [None, None, None, start, start, None]
    with KafkaProducer(**client(pipe.settings.kafka)) as producer:
        for n, (hour, at) in enumerate(zip(hours, logged, strict=True)):
            ms = -1 if at is None else micros(at) // 1000
            event = scored(n, start + timedelta(hours=hour))
            producer.send(pipe.settings.topic, encode(event), timestamp_ms=ms).get(timeout=30)
    with pipe.processor() as processor:
        processor.run(drain=True)
        assert processor.watermarks == {0: micros(start + timedelta(hours=7))}
        assert (processor.totals.applied, processor.totals.late) == (6, 2)
    pipe.assert_right(6)
