"""Waiting for an experiment: the calling thread blocks plainly, and all that can end that."""

import time
from typing import Final

from leaderboard.errors import StageError
from leaderboard.lab import progress
from leaderboard.lab.engine import Engine
from leaderboard.lab.experiment import Experiment

SLACK_S: Final = 90.0
"""How much longer than asked for an experiment may take to start and to drain."""


def wait_until_over(engine: Engine, timeout_s: float | None, *, quiet: bool) -> None:
    """Return once the experiment is over and nothing failed; see `Lab.wait`."""
    experiment = engine.experiment
    if experiment is None:
        raise StageError("wait: nothing was started; call lab.run(seconds=...) first")
    if experiment.endless and not experiment.over.is_set() and timeout_s is None:
        raise StageError("wait: this run has no end; call lab.stop(), or wait(timeout_s=...)")
    limit = (experiment.seconds or 0) + SLACK_S if timeout_s is None else timeout_s
    deadline = time.monotonic() + limit
    moved = None
    with progress.Waiting(quiet) as show:
        while not experiment.over.wait(progress.EVERY_S):
            show(experiment, engine.sample)
            engine.check_alive()
            _check_taken(engine, experiment)
            if timeout_s is None and experiment.events is not None and moved != experiment.sent:
                moved = experiment.sent  # a number of events takes as long as its rate needs
                deadline = max(deadline, time.monotonic() + SLACK_S)
            if time.monotonic() > deadline:
                raise StageError(
                    f"wait: not over after {limit:g} s: {experiment.phase}, "
                    f"lag {engine.sample.total_lag:,}, stages {engine.sample.stages}"
                )
    engine.raise_failures()


def _check_taken(engine: Engine, experiment: Experiment) -> None:
    """Raise when events wait and nobody would ever apply them."""
    sample = engine.sample
    states = [s for name, s in sample.stages.items() if name.startswith("processor-")]
    ours = any(state in ("starting", "running") for state in states)
    strangers = any(owner not in sample.stages for owner in sample.owners.values())
    if experiment.phase == "draining" and sample.total_lag and not (ours or strangers):
        raise StageError(
            f"wait: {sample.total_lag:,} events wait and no processor takes them; "
            "call lab.set(processors=1) or lab.resume('processor')"
        )
