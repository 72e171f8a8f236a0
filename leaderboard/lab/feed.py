"""From samples to the messages of the live view: only what changed, and the story so far. Pure.

A message is a `dict` that travels as JSON. Numbers travel once: the page keeps its own last minute,
so a tick is a few hundred bytes however long the lines are.
"""

from collections import deque
from typing import Any, Final

from leaderboard.lab import findings, ownership, tables
from leaderboard.lab.charts_assignment import kind, label, lane
from leaderboard.lab.drawing import escape, rank_labels
from leaderboard.lab.estimate import Share, wilson
from leaderboard.lab.sample import Sample
from leaderboard.model.simulate import achievement_shares

WINDOW_S: Final = 60.0
"""What the live charts show."""
MOVED_S: Final = 5.0
"""Places gained and lost are counted over this stretch."""
TREND_S: Final = 3.0
"""The trend of the lag is measured over this stretch."""


class Feed:
    """The last samples (of `window_s` seconds), and what the page was told last.

    With `assignment` it also tells who owns which partition.
    """

    def __init__(self, window_s: float = WINDOW_S, *, assignment: bool = False) -> None:
        self._window_s = window_s
        self._assignment = assignment
        self._samples: deque[Sample] = deque()
        self._told: dict[str, Any] = {}
        self._expected = achievement_shares()

    @property
    def samples(self) -> list[Sample]:
        """What is kept, oldest first."""
        return list(self._samples)

    @property
    def partitions(self) -> list[int]:
        """Partitions of the newest sample."""
        return sorted(self._samples[-1].end) if self._samples else []

    def before(self, age_s: float) -> Sample | None:
        """The newest sample at least `age_s` older than the last; None: there is none."""
        if not self._samples:
            return None
        limit = self._samples[-1].t_s - age_s
        return next((s for s in reversed(self._samples) if s.t_s <= limit), None)

    def tick(self, sample: Sample) -> dict[str, Any]:
        """Take `sample` in; what the page does not know yet. Time that runs back starts anew."""
        if self._samples and sample.t_s < self._samples[-1].t_s:
            self._samples.clear()
        self._samples.append(sample)
        while self._samples[0].t_s < sample.t_s - self._window_s:
            self._samples.popleft()
        full = self._full(sample)
        news = {key: value for key, value in full.items() if self._told.get(key) != value}
        self._told = full
        return {"kind": "tick", "point": self._point(sample), **news}

    def history(self) -> dict[str, Any]:
        """Everything a page needs that was just opened."""
        points = [self._point(sample) for sample in self._samples]
        return {"kind": "history", "points": points, **self._told}

    def _point(self, sample: Sample) -> list[float]:
        """Time, target, produced and applied rate, then the lag of each partition."""
        rates = (sample.target_rate, sample.send_rate, sample.apply_rate)
        lags = [sample.lag[p] for p in sorted(sample.end)]
        return [round(sample.t_s, 2), *(round(rate, 1) for rate in rates), *lags]

    def _full(self, sample: Sample) -> dict[str, Any]:
        shares = [
            wilson(sample.unlocked.get(name, 0), sum(sample.unlocked.values()))
            for name in self._expected
        ]
        moved = tables.moves(sample, self.before(MOVED_S))
        scores = [row.score for row in sample.top]
        return {
            "ids": [row.player_id for row in sample.top],
            "names": [escape(row.player_name) for row in sample.top],
            "scores": scores,
            "labels": rank_labels(scores, moved),
            "shares": [[round(100 * x, 3) for x in (s.observed, s.low, s.high)] for s in shares],
            "unlocked": sum(sample.unlocked.values()),
            "flow": [_station(row) for row in tables.flow_rows(sample)],
            "stages": list(sample.stages.items()),
            "titles": self._titles(sample, shares),
            **({"spans": self._spans()} if self._assignment else {}),
        }

    def _spans(self) -> list[list[Any]]:
        """Lane, kind of bar, label, start and end of each stretch; None: since before, until now.

        So nothing changes, and nothing travels, while nobody's partitions change.
        """
        first, last, parts = self._samples[0].t_s, self._samples[-1].t_s, self.partitions
        return [
            [
                lane(s.partition, parts), kind(s.member, s.state), escape(label(s.member, s.state)),
                None if s.from_s == first else round(s.from_s, 2),
                None if s.to_s == last else round(s.to_s, 2),
            ]
            for s in ownership.spans(self._samples)
            if s.partition in parts or s.partition is None
        ]  # fmt: skip

    def _titles(self, sample: Sample, shares: list[Share]) -> dict[str, str]:
        unlocked = sum(sample.unlocked.values())
        return {
            "rankings": findings.ranking([(r.player_name, r.score) for r in sample.top]),
            "lag": self._lag_title(sample),
            "assignment": findings.assignment_now(ownership.lanes(sample)),
            "rarity": findings.rarity(shares, list(self._expected.values()), unlocked),
        }

    def _lag_title(self, sample: Sample) -> str:
        if not any(sample.end.values()):
            return "No event in the log yet"
        past = self.before(TREND_S)
        change = (sample.total_lag - past.total_lag) / (sample.t_s - past.t_s) if past else 0.0
        return findings.lag_now(sample.total_lag, change, sample.send_rate, sample.apply_rate)


def _station(row: tables.FlowRow) -> list[str]:
    """The texts of one station, and the state that colours it."""
    states = tables.state_text(row.states)
    return [f"{row.value:,}", row.unit, row.detail, states, next(iter(row.states), "")]
