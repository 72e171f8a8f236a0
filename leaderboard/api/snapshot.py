"""The board as one moment, read from Redis once for everybody who waits for it.

A `Moment` is one read with its answers as bytes. A `Board` reads: `fresh` gives a moment whose
read began after the call, so that whoever writes and then asks sees what was written, while all
who ask during one read share the next one. Whether something changed is decided from the content,
which holds no clock.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import TypeAlias

from pydantic import TypeAdapter

from leaderboard.api.bodies import Body, make_body
from leaderboard.api.models import (
    Counts,
    Leaderboard,
    LeaderboardUpdate,
    LiveData,
    RankedPlayer,
    RecentAchievement,
)
from leaderboard.errors import StoreError
from leaderboard.store.reader import Snapshot

STALE_FOR_S = 3.0
"""How long the last moment is still served, with its age, once Redis stopped answering."""

_Reading: TypeAlias = asyncio.Task[StoreError | None]
_achievements_json = TypeAdapter(list[RecentAchievement])


class Moment:
    """One content of the board. Its answers are made once, when first asked for."""

    def __init__(self, snapshot: Snapshot, updated_at: datetime) -> None:
        self.snapshot = snapshot
        self._counts = Counts.model_validate(snapshot.counts)
        self._rows = [RankedPlayer.model_validate(row) for row in snapshot.rows]
        self._recent = [RecentAchievement.model_validate(a) for a in snapshot.achievements]
        self._updated_at = updated_at
        self.leaderboard = cache(self._leaderboard)
        self.achievements = cache(self._achievements)
        self.update = cache(self._update)

    def _board(self, top: int) -> Leaderboard:
        return Leaderboard(
            updated_at=self._updated_at,
            total_players=self.snapshot.total_players,
            counts=self._counts,
            top_players=self._rows[:top],
        )

    def _leaderboard(self, top: int) -> Body:
        return make_body(self._board(top).model_dump_json().encode())

    def _achievements(self, limit: int) -> Body:
        return make_body(_achievements_json.dump_json(self._recent[:limit]))

    def _update(self, top: int, limit: int) -> str:
        data = LiveData(leaderboard=self._board(top), recent_achievements=self._recent[:limit])
        return LeaderboardUpdate(data=data).model_dump_json()


class Board:
    """Reads moments and remembers the last one.

    Parameters
    ----------
    read
        Reads Redis once; raises `StoreError` when it can not.
    """

    def __init__(self, read: Callable[[], Awaitable[Snapshot]]) -> None:
        self._read = read
        self._now: _Reading | None = None
        self._next: _Reading | None = None
        self._read_at = 0.0
        self._revised = asyncio.Event()
        self.moment: Moment | None = None
        self.problem = ""
        """Why the last read failed; empty when it did not."""
        self.revision = 0
        """Grows when the content changes, and when Redis goes or comes back."""

    @property
    def age_s(self) -> float:
        """Seconds since Redis was last read with success; infinite when it never was."""
        return time.monotonic() - self._read_at if self.moment else float("inf")

    async def fresh(self) -> Moment:
        """The content, from a read that began after this call.

        Raises
        ------
        StoreError
            when Redis does not answer in time, or holds something unexpected.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._now))
        error = await asyncio.shield(self._next)
        if error or self.moment is None:
            raise error or StoreError("Redis was not read yet")
        return self.moment

    async def served(self) -> tuple[Moment, float]:
        """The content and its age in seconds: 0 when fresh, else at most `STALE_FOR_S`.

        Raises
        ------
        StoreError
            when Redis does not answer and the last moment is older than that.
        """
        try:
            return await self.fresh(), 0.0
        except StoreError:
            if self.moment is None or self.age_s > STALE_FOR_S:
                raise
            return self.moment, self.age_s

    async def revised(self, since: int) -> int:
        """Wait until `revision` is not `since`; return it."""
        while self.revision == since:
            await self._revised.wait()
        return self.revision

    async def close(self) -> None:
        """Give up reads under way."""
        tasks = [task for task in (self._now, self._next) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_after(
        self, before: asyncio.Task[StoreError | None] | None
    ) -> StoreError | None:
        if before:
            await asyncio.wait({before})
        self._now, self._next = self._next, None
        try:
            snapshot = await self._read()
        except StoreError as error:
            return self._failed(error)
        self._keep(snapshot)
        return None

    def _keep(self, snapshot: Snapshot) -> None:
        self._read_at = time.monotonic()
        changed = self.moment is None or self.moment.snapshot != snapshot
        if changed:
            self.moment = Moment(snapshot, datetime.now(UTC))
        if changed or self.problem:
            self.problem = ""
            self._revise()

    def _failed(self, error: StoreError) -> StoreError:
        if not self.problem:
            self.problem = str(error)
            self._revise()
        return error

    def _revise(self) -> None:
        self.revision += 1
        self._revised.set()
        self._revised = asyncio.Event()
