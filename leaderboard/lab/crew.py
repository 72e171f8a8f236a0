"""The stages of one lab: which of them run, and what each was told last.

Names: `producer`, `processor-1` to `processor-4`, `api`. Use from the lab's thread alone.

Never here: when to do what (that is `engine`), or how a child is watched (that is `stages`).
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from leaderboard.errors import StageError
from leaderboard.lab.stages import Stage, argv, environment
from leaderboard.lab.wishes import Wishes

PUMP_EVERY_S: Final = 0.05
STOP_ALL_TIMEOUT_S: Final = 30.0

Starter = Callable[..., Stage]


class Crew:
    """Starts, tells and stops stages.

    Parameters
    ----------
    variables
        The settings as environment variables, with the servers' addresses.
    starter
        What makes a stage of (name, arguments, may_end); tests put a small child here.
    """

    def __init__(self, variables: Mapping[str, str], starter: Starter | None = None) -> None:
        self._variables = variables
        self._starter = starter or self._start
        self._stages: dict[str, Stage] = {}
        self._retired: list[Stage] = []
        self._told: dict[str, dict[str, Any]] = {}
        self._failed: set[int] = set()

    def _start(self, name: str, arguments: list[str], *, may_end: bool) -> Stage:
        return Stage(name, argv(*arguments), environment(self._variables), may_end=may_end)

    def _launch(self, name: str, *arguments: str, may_end: bool = False) -> None:
        if name in self._stages:
            self._retire(name)
        self._stages[name] = self._starter(name, list(arguments), may_end=may_end)
        self._told.pop(name, None)

    def _retire(self, name: str) -> None:
        stage = self._stages.pop(name)
        stage.stop()
        self._retired.append(stage)

    # what runs ---------------------------------------------------------------------------------

    def produce(
        self, wishes: Wishes, *, seconds: float | None, events: int | None, seed: int | None
    ) -> None:
        """Start a producer for `seconds` or `events`, whichever comes first; replaces the last."""
        asked = wishes.for_producer()
        options = {
            "--rate": asked["rate"], "--players": asked["players"], "--skew": asked["skew"],
            "--mix": json.dumps(asked["mix"]),
            "--seconds": seconds, "--events": events, "--seed": seed,
        }  # fmt: skip
        arguments = [t for o, v in options.items() if v is not None for t in (o, str(v))]
        self._launch("producer", "produce", *arguments, may_end=True)
        self._told["producer"] = {**asked, "pause": False}

    def scale(self, processors: int) -> None:
        """Have so many processors: stops those with the highest numbers, replaces dead ones."""
        names = [f"processor-{n}" for n in range(1, processors + 1)]
        for name in [n for n in self._stages if n.startswith("processor-") and n not in names]:
            if self._stages[name].alive:
                self._stages[name].stop()
            else:
                self._retire(name)
        for name in names:
            stage = self._stages.get(name)
            if stage is None or not stage.alive or stage.stopping:
                self._launch(name, "process")

    def serve(self) -> None:
        """Have an API running, on any free port."""
        api = self._stages.get("api")
        if api is None or not api.alive or api.stopping:
            self._launch("api", "serve", "--port", "0")

    def tell(self, wishes: Wishes) -> None:
        """Send each stage what has changed since it was told last."""
        commands = wishes.for_producer()
        for name, stage in self._stages.items():
            if name == "producer":
                self._tell(stage, commands)
            elif name.startswith("processor-"):
                self._tell(stage, {"pause": wishes.processing_paused})

    def _tell(self, stage: Stage, wanted: dict[str, Any]) -> None:
        told = self._told.setdefault(stage.name, {"pause": False})
        news = {name: value for name, value in wanted.items() if told.get(name) != value}
        if news and not stage.stopping:
            stage.tell(**news)
            told |= news

    def kill(self, kind: str) -> str:
        """SIGKILL one stage: of that name, or the busiest of that kind. Returns its name.

        Raises
        ------
        StageError
            when none of them runs.
        """
        running = [s for s in self._stages.values() if s.alive and not s.stopping]
        chosen = [s for s in running if s.name == kind or s.name.startswith(f"{kind}-")]
        if not chosen:
            names = ", ".join(s.name for s in running) or "nothing"
            raise StageError(f"kill: expected a running stage, got {kind!r}; running: {names}")
        victim = max(chosen, key=lambda stage: len(stage.metrics.get("partitions", ())))
        victim.kill()
        return victim.name

    def stop(self, *names: str) -> None:
        """Ask these (or all) stages to end; returns at once."""
        for stage in self._stages.values():
            if not names or stage.name in names:
                stage.stop()

    def stop_all(self) -> list[str]:
        """End every stage and wait for that; returns why stages failed, each failure once."""
        self.stop()
        failures = []
        deadline = time.monotonic() + STOP_ALL_TIMEOUT_S
        while self.alive and time.monotonic() < deadline:
            failures += self.pump()
            time.sleep(PUMP_EVERY_S)
        for stage in self._all():
            stage.wait(1.0)
        return failures + self.pump()

    # what is known -----------------------------------------------------------------------------

    def pump(self) -> list[str]:
        """Take what the stages have said; returns why stages failed, each failure once."""
        for stage in self._all():
            stage.pump()
        failures = [s for s in self._all() if s.failure and id(s) not in self._failed]
        self._failed |= {id(s) for s in failures}
        return [s.failure for s in failures]

    def _all(self) -> list[Stage]:
        return [*self._stages.values(), *self._retired]

    @property
    def alive(self) -> list[Stage]:
        """Stages whose process runs."""
        return [s for s in self._all() if s.alive]

    @property
    def states(self) -> dict[str, str]:
        """State by name: starting, running, paused, stopped, killed or failed."""
        return {name: self._stages[name].state for name in sorted(self._stages, key=_order)}

    def stage(self, name: str) -> Stage | None:
        return self._stages.get(name)

    @property
    def sent(self) -> int:
        """Events acknowledged by Kafka, of all producers of this lab."""
        producers = [s for s in self._all() if s.name == "producer"]
        return sum(s.metrics.get("sent", 0) for s in producers)

    @property
    def clients(self) -> dict[int, str]:
        """Name of each stage by process id: how members of the consumer group are recognised."""
        return {stage.pid: stage.name for stage in self._all()}

    def log(self) -> list[str]:
        """The last log lines of every stage, each after the stage's name."""
        return [f"{s.name}: {line}" for s in self._all() for line in s.log]


def _order(name: str) -> tuple[int, str]:
    kinds = ("producer", "processor", "api")
    return next((i for i, kind in enumerate(kinds) if name.startswith(kind)), len(kinds)), name
