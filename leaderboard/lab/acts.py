"""The part of a lab that turns knobs and acts on stages; every call works from any thread."""

from collections.abc import Mapping
from typing import Any

from leaderboard.errors import StageError
from leaderboard.lab import leftovers, progress
from leaderboard.lab.bench import Bench
from leaderboard.lab.engine import Engine
from leaderboard.lab.handles import pause_of
from leaderboard.lab.wishes import Wishes
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.schemas import encoder_of, wire_of


class Acts:
    """Acts on the stages of one lab."""

    _bench: Bench
    _engine: Engine

    def __init__(self) -> None:
        self._opened: list[Producer | Processor] = []

    def producer(self, *, throughput: bool = False) -> Producer:
        """A producer in this kernel, for one step at a time; `close` of the lab closes it too.

        Raises `ServersError` when Kafka or the schema registry is away.
        """
        settings = self._bench.settings
        made = Producer(
            settings.kafka, settings.topic, throughput=throughput, encode=encoder_of(settings)
        )
        self._opened.append(made)
        return made

    def processor(self, **options: Any) -> Processor:
        """A processor in this kernel, a member of the lab's group: `processor.step()`.

        `options` as in `Processor`. Use it in one thread; `close` of the lab closes it too.
        Raises `ServersError` when Kafka is away.
        """
        s = self._bench.settings
        writer = writer_of(self._bench.redis, s)
        letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
        timeout_s = options.pop("session_timeout_s", s.session_timeout_s)
        made = Processor(
            s.kafka, s.topic, s.group, writer, letters, wire=wire_of(s),
            session_timeout_s=timeout_s, **options,
        )  # fmt: skip
        self._opened.append(made)
        return made

    def _close_opened(self) -> None:
        while self._opened:
            self._opened.pop().close()

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
        """Turn knobs, from any thread, while stages run or before.

        Parameters
        ----------
        rate
            Events per second, above 0.
        players
            How many take part, from 1.
        skew
            Zipf exponent, 0 (all alike) to 5; 1 is a typical game.
        mix
            Weights by event type.
        paused
            Whether the producer pauses. An experiment's time goes on.
        processors
            0 to 4; killed ones are replaced.

        Raises
        ------
        ValueError
            when a value is out of range; then nothing changes.
        """
        self._engine.wish(
            {"rate": rate, "players": players, "skew": skew, "mix": mix, "paused": paused,
             "processors": processors}
        )  # fmt: skip
        if processors is not None and self._engine.experiment is not None:
            self._engine.ask(lambda: self._engine.crew.scale(processors))

    def wishes(self) -> Wishes:
        """What was asked for last: rate, players, skew, mix, what is paused, processors."""
        return self._engine.wishes

    def pause(self, stage: str = "producer") -> None:
        """Pause the "producer" or the "processor"s: they stay, and do nothing."""
        self._engine.wish({pause_of(stage): True})

    def resume(self, stage: str = "producer") -> None:
        """Go on after `pause`."""
        self._engine.wish({pause_of(stage): False})

    def kill(self, stage: str = "processor") -> str:
        """SIGKILL one stage, as a crash does; `set(processors=...)` or `run` replaces it.

        `stage` is a name, or a kind: then the one with most partitions. Returns its name.

        Raises
        ------
        StageError
            when none runs.
        """
        return self._engine.ask(lambda: self._engine.crew.kill(stage))

    def stop(self, stage: str = "") -> None:
        """End all stages in order and wait for that; the experiment is over.

        With the name of one, only that ends, soon: a processor leaves its group, and without its
        "producer" a run comes to an end, so that `wait` can wait for it.

        Raises
        ------
        StageError
            when there is no stage of that name.
        """
        self._engine.ask(lambda: self._stop_one(stage) if stage else self._stop_all())

    def _stop_all(self) -> None:
        self._engine.stop_stages()
        if self._engine.experiment is not None:
            self._engine.experiment.end()

    def _stop_one(self, name: str) -> None:
        crew = self._engine.crew
        if crew.stage(name) is None:
            names = ", ".join(crew.states) or "none"
            raise StageError(f"stop: expected the name of a stage, got {name!r}; known: {names}")
        crew.stop(name)
        if name == "producer" and self._engine.experiment is not None:
            self._engine.experiment.ending = True

    def reset(self, *, confirm: bool = False) -> None:
        """Stop, delete this lab's records and boards, start clean; predictions stay.

        Raises
        ------
        StageError
            when the names are the plain ones and `confirm` is not True: others may use them.
        """
        if not (self._bench.run_id or confirm):
            raise StageError(
                f"reset: this deletes every event of topic {self._bench.settings.topic} and its "
                "boards; if that is meant: lab.reset(confirm=True)"
            )
        self.stop()
        self._engine.ask(self._bench.empty)

    def stop_others(self) -> None:
        """Stop the stages of labs in other kernels that run on this lab's topic."""
        for roster in self._bench.others:
            progress.say(f"Stopped: {', '.join(leftovers.stop(roster))}.")
