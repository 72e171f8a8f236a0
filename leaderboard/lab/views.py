"""The part of a lab that looks: samples, tables, checks, pictures, the live panel."""

from html import escape
from typing import Any

import pandas as pd
from redis import Redis

from leaderboard.errors import NotebookError
from leaderboard.lab import checks, frames, tables
from leaderboard.lab.bench import Bench
from leaderboard.lab.frames import Frames
from leaderboard.lab.sample import Sample
from leaderboard.lab.snapshot import Snapshot
from leaderboard.settings import Settings

BEFORE_S = 5.0


class Views:
    """Read-only views of one lab."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._engine = bench.engine
        self.frames = Frames(bench.settings, bench.kafka, bench.redis, self._samples)

    def _samples(self) -> list[Sample]:
        return self._engine.samples

    @property
    def settings(self) -> Settings:
        """The lab's settings: addresses, topic, group and key prefix."""
        return self._bench.settings

    @property
    def redis(self) -> Redis:
        """A client of the lab's Redis; replies are bytes."""
        return self._bench.redis

    @property
    def sample(self) -> Sample:
        """The pipeline as it was a moment ago."""
        return self._engine.sample

    @property
    def samples(self) -> list[Sample]:
        """The last half hour at 5 Hz, oldest first."""
        return self._engine.samples

    @property
    def history(self) -> pd.DataFrame:
        """The samples as a table; columns `frames.HISTORY`."""
        return frames.history(self._engine.samples)

    def to_frame(self) -> pd.DataFrame:
        """As `history`."""
        return self.history

    @property
    def state(self) -> dict[str, str]:
        """Each stage's state: starting, running, paused, stopped, killed or failed."""
        return dict(self.sample.stages)

    @property
    def url(self) -> str:
        """Where the API answers; empty while it does not."""
        api = self._engine.crew.stage("api")
        return str(api.ready["url"]) if api and api.alive and api.ready else ""

    @property
    def log(self) -> list[str]:
        """The last log lines: those of every stage, then those of the lab's own thread."""
        return [*self._engine.crew.log(), *self._bench.logbook.lines]

    def check(self) -> checks.Checks:
        """Check the laws: nothing lost, nothing counted twice, one truth on every door.

        Call it when nothing is being produced (after `wait`).

        Raises
        ------
        NotebookError
            when a law is broken (says which, and by how much), or the producer still runs.
        StageError
            when a stage has failed.
        VerifyError
            when Redis can not be compared with the log.
        """
        self._engine.raise_failures()
        if self.state.get("producer") in ("starting", "running"):
            raise NotebookError("check: the producer still runs; call lab.wait() first")
        s, b = self.settings, self._bench
        found = [checks.conservation(s, b.kafka, b.redis_url), checks.drift(s, b.kafka, b.redis)]
        if self.url:
            found += checks.same_board(s, b.redis, self.url)
        result = checks.Checks(found)
        result.raise_broken()
        return result

    def snapshot(self, chart: str = "rankings", **options: Any) -> Snapshot:
        """A static picture of "rankings", "lag", "rarity", "assignment" or "flow" as it is
        now.

        `options` go to the chart's function in `charts`.

        Raises
        ------
        NotebookError
            when there is no such chart.
        """
        from leaderboard.lab import charts  # loads Plotly: half a second not every lab needs

        samples = self._engine.samples or [Sample(t_s=0.0)]
        last = samples[-1]
        before = next((s for s in reversed(samples) if s.t_s <= last.t_s - BEFORE_S), None)
        data = {
            "rankings": lambda: charts.rankings(tables.ranking_table(last, before), **options),
            "lag": lambda: charts.lag(tables.lag_table(samples), **options),
            "rarity": lambda: charts.rarity(tables.rarity_table(last.unlocked), **options),
            "assignment": lambda: charts.assignment(frames.assignment(samples), **options),
            "flow": lambda: charts.flow(tables.flow_table(last), **options),
        }
        if chart not in data:
            raise NotebookError(f"snapshot: expected one of {', '.join(data)}, got {chart!r}")
        return Snapshot(data[chart]())

    def __repr__(self) -> str:
        last, stages = self.sample, self.state
        running = ", ".join(f"{name} {state}" for name, state in stages.items()) or "no stages"
        counts = f"{last.applied:,} applied, lag {last.total_lag:,}"
        return f"<Lab {self.settings.topic}: {running}; {counts}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"
