"""The board as a value: when it is read, what counts as a change. No Redis here."""

import asyncio

import pytest

from leaderboard.api.snapshot import Board
from leaderboard.errors import StoreError
from leaderboard.store.reader import Row, Snapshot


def content(score: int) -> Snapshot:
    return Snapshot(total_players=1, rows=[Row(1, "p", "P", score)], achievements=[], counts={})


class Source:
    """Stands for Redis: takes a turn of the loop, counts reads, may fail."""

    def __init__(self) -> None:
        self.score = 1
        self.reads = 0
        self.error: StoreError | None = None

    async def __call__(self) -> Snapshot:
        self.reads += 1
        score = self.score  # what Redis holds when the read begins
        await asyncio.sleep(0.01)
        if self.error:
            raise self.error
        return content(score)


def test_many_who_ask_at_once_share_reads():
    async def scenario() -> int:
        source = Source()
        board = Board(source)
        await asyncio.gather(*(board.fresh() for _ in range(100)))
        return source.reads

    assert asyncio.run(scenario()) == 1


def test_who_asks_during_a_read_gets_the_next_one():
    async def scenario() -> list[int]:
        source = Source()
        board = Board(source)
        early = asyncio.create_task(board.fresh())
        await asyncio.sleep(0.005)
        source.score = 2  # written while the first read is under way
        late = [asyncio.create_task(board.fresh()) for _ in range(10)]
        moments = [await early, *[await task for task in late]]
        return [m.snapshot.rows[0].score for m in moments] + [source.reads]

    assert asyncio.run(scenario()) == [1, *[2] * 10, 2]


def test_who_gives_up_stops_nobody():
    async def scenario() -> int:
        board = Board(Source())
        impatient = asyncio.create_task(board.fresh())
        patient = asyncio.create_task(board.fresh())
        await asyncio.sleep(0)
        impatient.cancel()
        return (await patient).snapshot.rows[0].score

    assert asyncio.run(scenario()) == 1


def test_equal_content_is_no_revision():
    async def scenario() -> list[int]:
        source = Source()
        board = Board(source)
        revisions = []
        for source.score in (1, 1, 2, 2):
            await board.fresh()
            revisions.append(board.revision)
        return revisions

    assert asyncio.run(scenario()) == [1, 1, 2, 2]


def test_failing_and_recovering_are_revisions():
    async def scenario() -> list[tuple[int, str]]:
        source = Source()
        board = Board(source)
        states = []
        for source.error in (None, StoreError("gone"), StoreError("still"), None):
            await asyncio.gather(board.fresh(), return_exceptions=True)
            states.append((board.revision, board.problem))
        return states

    assert asyncio.run(scenario()) == [(1, ""), (2, "gone"), (2, "gone"), (3, "")]


def test_a_failure_reaches_everybody_who_asked():
    async def scenario() -> None:
        source = Source()
        source.error = StoreError("gone")
        board = Board(source)
        for outcome in await asyncio.gather(
            *(board.fresh() for _ in range(5)), return_exceptions=True
        ):
            assert outcome is source.error

    asyncio.run(scenario())


def test_nothing_read_is_nothing_served():
    async def scenario() -> None:
        source = Source()
        source.error = StoreError("gone")
        await Board(source).served()

    with pytest.raises(StoreError, match="gone"):
        asyncio.run(scenario())
