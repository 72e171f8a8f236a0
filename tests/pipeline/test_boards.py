"""Boards through the whole pipeline: late events, idle partitions, windows that end, rebuilds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from kafka.admin import KafkaAdminClient, NewPartitions

from leaderboard.errors import BoardsChangedError, SettingsError
from leaderboard.model.events import GameEvent, PlayerScored
from leaderboard.pipeline.deadletter import read_dead_letters
from leaderboard.pipeline.declared import declared_boards
from leaderboard.pipeline.upkeep import Upkeep
from leaderboard.store.state import delete_state
from tests.pipeline.pipes import Pipe
from tests.waiting import until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUARTERS = """
[[board]]
name = "quarters"
window = "fixed"
size_s = 900
lateness_s = 300
keep = 2
"""


def scored(n: int, minute: float, player: str = "player_001", points: int = 10) -> GameEvent:
    return PlayerScored(
        event_id=UUID(int=n), timestamp=NOON + timedelta(minutes=minute), player_id=player,
        player_name=player, points=points, game_id="game_alpha", action="kill",
    )  # fmt: skip


@pytest.fixture
def quarters(make_pipe: Callable[..., Pipe], tmp_path: Path) -> Pipe:
    """A pipe of one partition and a board of quarter hours that keeps two final ones."""
    declared = tmp_path / "boards.toml"
    declared.write_text(QUARTERS)
    return make_pipe(boards_file=str(declared), partitions=1)


def window(pipe: Pipe, label: str, pane: str = "") -> dict[bytes, float]:
    key = f"{pipe.settings.key_prefix}leaderboard:{pane}quarters:20260101T{label}00Z"
    return dict(pipe.redis.zrange(key, 0, -1, withscores=True))


def test_late_events_count_until_they_are_too_late_and_are_kept_then(quarters: Pipe):
    quarters.send([
        scored(1, 14), scored(2, 16),  # the watermark passes 12:15
        scored(3, 13, points=100),     # late, still counts
        scored(4, 21),                 # the watermark passes 12:15 + 5 minutes
        scored(5, 14, points=1000),    # too late
    ])  # fmt: skip
    totals = quarters.drain().totals
    assert (totals.applied, totals.late) == (5, 1)
    assert window(quarters, "1200") == {b"player_001": 110}
    assert window(quarters, "1200", "on_time:") == {b"player_001": 10}
    (letter,) = read_dead_letters(quarters.settings.kafka, quarters.settings.late_topic)
    assert (letter.offset, letter.error) == (4, "too late for quarters")
    assert quarters.redis.hget(quarters.keys.board_counts, "late:quarters") == b"1"
    assert quarters.redis.zscore(quarters.keys.board, "player_001") == 1130
    quarters.assert_right(5)


@pytest.mark.parametrize("together", [True, False])
def test_a_late_event_that_comes_again_is_kept_once(quarters: Pipe, together: bool):
    """As one batch, or found by Redis when the copies come in a later one."""
    events = [scored(1, 14), scored(2, 21), scored(3, 13)]
    quarters.send(events)
    if not together:
        quarters.drain()
    quarters.send([*events, scored(4, 12)])
    assert quarters.drain().totals.duplicates == 3
    letters = read_dead_letters(quarters.settings.kafka, quarters.settings.late_topic)
    assert [letter.offset for letter in letters] == [2, 6]
    quarters.assert_right(7)


def test_final_windows_beyond_those_kept_are_deleted_and_verify_agrees(quarters: Pipe):
    quarters.send([scored(n, 15 * n) for n in range(6)])
    with quarters.processor() as processor:
        until(lambda: processor.step() and processor.totals.applied == 6)
        until(lambda: processor.step() and not window(quarters, "1215"))
    kept = [label for label in ("1200", "1215", "1230", "1245", "1300", "1315")
            if window(quarters, label)]  # fmt: skip
    assert kept == ["1230", "1245", "1300", "1315"]  # two final, one closing, one open
    quarters.assert_right(6)


def test_what_was_final_before_the_state_was_lost_is_not_deleted_after(
    quarters: Pipe, monkeypatch: pytest.MonkeyPatch
):
    """A processor may still believe in the old watermark while another counts the log anew."""
    quarters.send([scored(n, 15 * n) for n in range(6)])
    writer = quarters.drain()._writer
    believed = writer.watermarks([0])
    delete_state(quarters.redis, quarters.keys)
    with quarters.processor(max_poll_records=1) as processor:
        until(lambda: processor.step() and processor.totals.applied == 3)
        monkeypatch.setattr(writer, "watermarks", lambda _partitions: believed)
        assert writer.expire([0]) == 0
    assert window(quarters, "1200") == {b"player_001": 10}


def test_an_idle_partition_follows_by_a_record_in_the_log(make_pipe: Callable[..., Pipe]):
    """Two partitions, players in one of them only: windows of both close all the same."""
    pipe = make_pipe(partitions=2)
    now = [0.0]
    pipe.send([scored(1, 0), scored(2, 600)])
    with pipe.processor() as processor:
        upkeep = Upkeep(
            pipe.settings.kafka, pipe.settings.topic, [0, 1], processor._mine, processor._writer,
            idle_after_s=60, clock=lambda: now[0],
        )  # fmt: skip
        until(lambda: processor.step() and len(processor._mine.caught_up) == 2)
        upkeep.run()
        now[0] = 50.0
        pipe.send([scored(3, 660)])
        until(lambda: processor.step() and processor.totals.applied == 3)
        upkeep.run()
        processor._mine.pause(True)
        now[0] = 61.0
        upkeep.run()
        assert processor._ends.keys() == {0, 1}
        processor._mine.pause(False)
        for now[0] in range(62, 110):
            upkeep.run()
        upkeep.close()
        until(lambda: processor.step() and processor.totals.applied == 4)
    times = processor._writer.watermarks([0, 1]).values()
    follows = NOON + timedelta(minutes=660, seconds=-60)
    assert {datetime.fromtimestamp(at / 1e6, UTC) for at in times if at} == {
        NOON + timedelta(minutes=660), follows,
    }  # fmt: skip
    pipe.assert_right(4)
    delete_state(pipe.redis, pipe.keys)
    pipe.drain()
    pipe.assert_right(4)


def test_more_partitions_than_were_counted_ask_for_a_rebuild(
    make_pipe: Callable[..., Pipe], admin: KafkaAdminClient
):
    pipe = make_pipe(partitions=1)
    pipe.send([scored(1, 0)])
    pipe.drain()
    admin.create_partitions({pipe.settings.topic: NewPartitions(2)})
    until(lambda: len(pipe.partitions()) == 2)
    with pytest.raises(BoardsChangedError, match="2 partitions, and had 1"):
        pipe.drain()
    delete_state(pipe.redis, pipe.keys)
    pipe.drain()
    pipe.assert_right(1)


def test_other_boards_ask_for_a_rebuild_and_lose_nothing(
    quarters: Pipe, make_pipe: Callable[..., Pipe], tmp_path: Path
):
    quarters.send([scored(1, 0)])
    quarters.drain()
    changed = tmp_path / "changed.toml"
    changed.write_text(QUARTERS.replace("900", "600"))
    other = Pipe(quarters.settings.with_(boards_file=str(changed)))
    other.send([scored(2, 1)])
    with pytest.raises(BoardsChangedError, match="leaderboard rebuild"):
        other.drain()
    quarters.drain()
    quarters.assert_right(2)
    delete_state(other.redis, other.keys)
    other.drain()
    other.assert_right(2)
    other.close()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ""), ("[[board]]\nname = 'a'\nwindow = 'yearly'", "board 'a'.*yearly.*window"),
        ("[[board]]", "name"), ("x", "no TOML"), ("[[boards]]", "boards"),
    ],
)  # fmt: skip
def test_a_wrong_boards_file_is_a_clear_error(
    quarters: Pipe, tmp_path: Path, text: str, problem: str
):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    settings = quarters.settings.with_(boards_file=str(path))
    if not problem:
        assert [board.name for board in declared_boards(settings)] == ["global"]
        return
    with pytest.raises(SettingsError, match=f"wrong.toml.*{problem}"):
        declared_boards(settings)
