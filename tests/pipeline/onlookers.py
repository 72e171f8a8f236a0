"""Threads around a rebuild: one that looks at the boards, one that sends."""

import threading
from typing import Any

from tests.pipeline.pipes import Pipe
from tests.waiting import until


class _Thread:
    """Repeats `turn` until it is stopped; what that raises is raised at the end."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def turn(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        try:
            while not self.is_over:
                self.turn()
        except BaseException as error:  # noqa: BLE001  # handed to the test's thread
            self._error = error

    @property
    def is_over(self) -> bool:
        return self._stop.is_set() or self._error is not None

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._error:
            raise self._error


class Crowd(_Thread):
    """Sends a hundred events again and again, a little ahead of those who count them."""

    sent = 0

    def turn(self) -> None:
        self.pipe.send(self.pipe.events(100, seed=100 + self.sent))
        self.sent += 100
        counts, enough = self.pipe.keys.counts, self.sent - 300
        until(lambda: self.is_over or int(self.pipe.redis.hget(counts, "applied") or 0) > enough)


class Onlooker(_Thread):
    """Looks at the global board and what belongs to it in one moment, as often as it can.

    Each look must be whole: a player's score on the board is that of their hash, and the records
    counted are those that the offsets have passed. And it never goes back: no player loses points
    and no record is uncounted.
    """

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(pipe)
        self.seen_epochs: set[bytes | None] = set()
        self._before: dict[bytes, float] = {}

    def turn(self) -> None:
        keys = self.pipe.keys
        names = [f"player_{n:03d}" for n in range(1, 31)]
        with self.pipe.redis.pipeline() as pipe:
            pipe.get(keys.epoch)
            pipe.zrange(keys.board, 0, -1, withscores=True)
            pipe.hgetall(keys.counts)
            pipe.hvals(keys.offsets)
            for name in names:
                pipe.hget(keys.player(name), "total_score")
            epoch, board, counts, offsets, *totals = pipe.execute()
        hashes = {n.encode(): float(t) for n, t in zip(names, totals, strict=True) if t}
        assert dict(board) == hashes
        counted = sum(map(int, counts.values()))
        assert counted == sum(map(int, offsets))
        now = hashes | {b"counted": counted}
        assert all(now.get(name, 0) >= was for name, was in self._before.items())
        self._before = now
        self.seen_epochs.add(epoch)
