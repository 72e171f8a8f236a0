"""Small objects that a lab hands out."""

from functools import partial
from typing import TYPE_CHECKING

from leaderboard.lab.experiment import Experiment
from leaderboard.lab.wishes import Wishes

if TYPE_CHECKING:
    from leaderboard.lab.lab import Lab


class Run:
    """What `lab.run` returns: one line that says what was started."""

    def __init__(self, experiment: Experiment, wishes: Wishes) -> None:
        self.experiment = experiment
        self._text = f"{experiment} at {wishes.rate:g} events/s"

    def __repr__(self) -> str:
        return f"Running: {self._text}. Go on; lab.wait() waits for the end."


class Remote:
    """What the live panel may do with a lab; its reset was confirmed on the panel."""

    def __init__(self, lab: "Lab") -> None:
        self.headless = lab.headless
        self.subscribe = lab.subscribe
        self.wishes = lab.wishes
        self.set = lab.set
        self.stop = lab.stop
        self.reset = partial(lab.reset, confirm=True)
        self._kill = lab.kill

    def kill(self, stage: str) -> None:
        """As `Lab.kill`."""
        self._kill(stage)


def pause_of(stage: str) -> str:
    """Which wish pauses that kind of stage.

    Raises
    ------
    ValueError
        when it can not be paused.
    """
    kinds = {"producer": "paused", "processor": "processing_paused"}
    if stage not in kinds:
        raise ValueError(f"pause: expected 'producer' or 'processor', got {stage!r}")
    return kinds[stage]
