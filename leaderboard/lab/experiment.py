"""One experiment of a lab: from `lab.run` over the producer's end to a lag of 0. No threads."""

import threading

from leaderboard.lab.sample import Sample
from leaderboard.lab.stages import Stage


class Experiment:
    """Moves through the phases starting, running, draining, over; `over` is set at the end.

    Parameters
    ----------
    seconds, events
        When the producer ends, whichever comes first; both None: when it is stopped.

    Attributes
    ----------
    ending
        Whether the producer was asked to stop.
    """

    def __init__(self, seconds: float | None = None, events: int | None = None) -> None:
        self.seconds = seconds
        self.events = events
        self.phase = "starting"
        self.over = threading.Event()
        self._began_s: float | None = None
        self._sent_before = 0
        self.elapsed_s = 0.0
        self.sent = 0
        self.ending = False

    @property
    def endless(self) -> bool:
        """Whether only `stop` ends it, and nobody has asked for that."""
        return self.seconds is None and self.events is None and not self.ending

    @property
    def done(self) -> float:
        """How much of the producing is over, from 0 to 1."""
        if self.phase in ("draining", "over"):
            return 1.0
        shares = [self.elapsed_s / self.seconds] if self.seconds else []
        shares += [self.sent / self.events] if self.events else []
        return min(1.0, max(shares, default=0.0))

    def advance(self, producer: Stage | None, sample: Sample, *, fresh: bool) -> None:
        """Look at what `sample` says; `fresh`: it was read after the producer was looked at."""
        if self.phase == "starting" and producer is not None and producer.ready is not None:
            self.phase, self._began_s = "running", sample.t_s
        if producer is not None:
            self.sent = producer.metrics.get("sent", 0)
        if self.phase == "running" and self._began_s is not None:
            self.elapsed_s = sample.t_s - self._began_s
        if self.phase in ("starting", "running") and (producer is None or not producer.alive):
            self.phase = "draining"
        if self.phase == "draining" and fresh and sample.total_lag == 0:
            self.end()

    def end(self) -> None:
        """It is over, by itself or because something failed."""
        self.phase = "over"
        self.over.set()

    def __str__(self) -> str:
        limits = [f"{self.seconds:g} s" if self.seconds is not None else ""]
        limits += [f"{self.events:,} events" if self.events is not None else ""]
        return " or ".join(filter(None, limits)) or "until lab.stop()"
