"""A lab without servers: a clock, a queue and some dice, so that charts have something to show.

Each processor applies `CAPACITY` events a second; what it can not take waits in three partitions.
A killed one keeps its partitions until it is replaced.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import ClassVar

from leaderboard.lab.sample import Sample
from leaderboard.lab.wishes import Wishes
from leaderboard.model.simulate import achievement_shares, player_id, player_name
from leaderboard.store.reader import Row

CAPACITY = 400
PARTITIONS = (0, 1, 2)
SHARES = (0.45, 0.3, 0.25)


class FakeLab:
    """What the cockpit needs of a lab; `step` moves time, `start` lets a thread do it at 5 Hz."""

    _live_labs: ClassVar[list["FakeLab"]] = []

    def __init__(self, headless: bool = False, seed: int = 7) -> None:
        self.headless = headless
        self.asked = Wishes(rate=200.0)
        self.calls: list[tuple[str, object]] = []
        self._dice = Random(seed)
        self._callbacks: list[Callable[[Sample], None]] = []
        self._killed: set[int] = set()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._zero()

    def _zero(self) -> None:
        self._t, self._sent, self._running = 0.0, 0.0, True
        self._end = dict.fromkeys(PARTITIONS, 0.0)
        self._stored = dict.fromkeys(PARTITIONS, 0.0)
        self._scores: Counter[int] = Counter()
        self._unlocked: Counter[str] = Counter()

    def subscribe(self, callback: Callable[[Sample], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    @property
    def subscribers(self) -> int:
        return len(self._callbacks)

    def set(
        self,
        *,
        rate: float | None = None,
        players: int | None = None,
        skew: float | None = None,
        mix: Mapping[str, float] | None = None,
        paused: bool | None = None,
        processors: int | None = None,
    ) -> None:
        given = {"rate": rate, "players": players, "skew": skew, "mix": mix, "paused": paused,
                 "processors": processors}  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not None}
        if changes.get("skew") == 2.0:
            raise ValueError("skew: this fake refuses 2")
        self.asked = self.asked.with_(changes)
        self._killed -= set() if processors is None else set(range(1, 5))
        self.calls.append(("set", changes))

    def wishes(self) -> Wishes:
        return self.asked

    def kill(self, stage: str) -> str:
        self.calls.append(("kill", stage))
        alive = self._alive()
        if not alive:
            raise RuntimeError("kill: expected a running stage, got 'processor'")
        self._killed.add(alive[-1])
        return f"processor-{alive[-1]}"

    def reset(self) -> None:
        self.calls.append(("reset", None))
        self._zero()

    def stop(self) -> None:
        self.calls.append(("stop", None))
        self._running = False

    def wait(self, seconds: float = 3.0) -> None:
        """Block plainly, as a cell that waits for an experiment does."""
        time.sleep(seconds)

    def start(self) -> "FakeLab":
        """Live from now on, also after `close`; another that was started before ends."""
        for other in FakeLab._live_labs:
            other.close()
        self._closed.clear()
        FakeLab._live_labs = [self]
        self._thread = threading.Thread(target=self._live, name="fake-lab", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _live(self) -> None:
        while not self._closed.wait(0.2):
            self.step(0.2)

    def _alive(self) -> list[int]:
        wanted = self.asked.processors
        return [n for n in range(1, wanted + 1) if n not in self._killed]

    def step(self, seconds: float = 0.2) -> Sample:
        """Let `seconds` pass and tell every subscriber."""
        self._t += seconds
        rate = self.asked.rate
        moving = self._running and not self.asked.paused
        sent = rate * seconds * self._dice.uniform(0.95, 1.05) if moving else 0.0
        room = CAPACITY * seconds * len(self._alive()) if self._running else 0.0
        applied = 0.0
        self._sent += sent
        waiting = sum(self._end.values()) - sum(self._stored.values()) + sent
        for p, share in zip(PARTITIONS, SHARES, strict=True):
            self._end[p] += sent * share
            lag = self._end[p] - self._stored[p]
            take = min(lag, room * lag / waiting) if waiting else 0.0
            self._stored[p] += take
            applied += take
        self._score(int(applied))
        sample = self._sample(rate, sent / seconds, applied / seconds)
        for callback in list(self._callbacks):
            callback(sample)
        return sample

    def _score(self, events: int) -> None:
        players = self.asked.players
        for _ in range(min(events, 400)):
            self._scores[int(players * self._dice.random() ** 2)] += 25 * self._dice.randint(1, 8)
        names, weights = zip(*achievement_shares().items(), strict=True)
        self._unlocked.update(self._dice.choices(names, weights, k=events // 10))

    def _sample(self, rate: float, send_rate: float, apply_rate: float) -> Sample:
        best = sorted(self._scores.items(), key=lambda item: (-item[1], item[0]))[:10]
        wanted = self.asked.processors
        state = "running" if self._running else "stopped"
        stages = {"producer": "paused" if self.asked.paused and self._running else state}
        for n in range(1, wanted + 1):
            stages[f"processor-{n}"] = "killed" if n in self._killed else state
        return Sample(
            t_s=self._t,
            target_rate=rate,
            sent=int(self._sent),
            send_rate=send_rate,
            applied=int(sum(self._stored.values())),
            apply_rate=apply_rate,
            end={p: int(v) for p, v in self._end.items()},
            stored={p: int(v) for p, v in self._stored.items()},
            owners={p: f"processor-{p % wanted + 1}" for p in PARTITIONS} if wanted else {},
            total_players=len(self._scores),
            top=[
                Row(place, player_id(n), player_name(n), score)
                for place, (n, score) in enumerate(best, start=1)
            ],
            unlocked=dict(self._unlocked),
            clients=2,
            stages={**stages, "api": state},
        )
