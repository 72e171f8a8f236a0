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
from typing import Any, TypeAlias

import msgspec

from leaderboard.api.bodies import Body, make_body
from leaderboard.api.models import Counts
from leaderboard.api.pushing import text_frame
from leaderboard.errors import StoreError
from leaderboard.store.reader import Snapshot

OUTCOMES = tuple(Counts.model_fields)
STALE_FOR_S = 3.0
"""How long the last moment is still served, with its age, once Redis stopped answering."""

_Reading: TypeAlias = asyncio.Task[StoreError | None]


class Moment:
    """One content of the board. Its answers are made once, when first asked for.

    They have the shape of `models.Leaderboard`, `models.RecentAchievement` and
    `models.LeaderboardUpdate`, and are encoded from what was read: it is typed already.
    """

    def __init__(self, snapshot: Snapshot, updated_at: datetime) -> None:
        self.snapshot = snapshot
        self._updated_at = updated_at
        self.leaderboard = cache(self._leaderboard)
        self.achievements = cache(self._achievements)
        self.update = cache(self._update)

    def _board(self, top: int) -> dict[str, Any]:
        counts = self.snapshot.counts
        return {
            "updated_at": self._updated_at,
            "total_players": self.snapshot.total_players,
            "counts": {outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
            "top_players": self.snapshot.rows[:top],
        }

    def _leaderboard(self, top: int) -> Body:
        return make_body(msgspec.json.encode(self._board(top)))

    def _achievements(self, limit: int) -> Body:
        return make_body(msgspec.json.encode(self.snapshot.achievements[:limit]))

    def _update(self, top: int, limit: int) -> bytes:
        data = {
            "leaderboard": self._board(top),
            "recent_achievements": self.snapshot.achievements[:limit],
        }
        return text_frame(msgspec.json.encode({"type": "leaderboard_update", "data": data}))


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
            self.revision += 1

    def _failed(self, error: StoreError) -> StoreError:
        if not self.problem:
            self.problem = str(error)
            self.revision += 1
        return error
