"""The laboratory: what a notebook calls. One object starts, turns, watches, checks and ends it all.

Never here: how any of it is done (`bench`, `engine`, `crew`), or what charts look like (`charts`).
"""

import atexit
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from leaderboard.errors import LeaderboardError
from leaderboard.lab import progress, snapshot
from leaderboard.lab.acts import Acts
from leaderboard.lab.bench import Bench
from leaderboard.lab.experiment import Experiment
from leaderboard.lab.gates import Gates
from leaderboard.lab.handles import Remote, Run
from leaderboard.lab.sample import Sample
from leaderboard.lab.views import Views
from leaderboard.lab.waiting import wait_until_over
from leaderboard.lab.wishes import Wishes
from leaderboard.settings import Settings


class Lab(Acts, Views, Gates):
    """Producer, processors and API under your hands; servers start by themselves.

    Making a new one closes the one before it in this kernel, so a cell can be run again.

    Parameters
    ----------
    rate, players, skew, mix
        How the producer plays; see `set`.
    processors
        How many processors run, 0 to 4.
    serve
        Whether the API runs too.
    seed
        Same seed: the same players do the same.
    run_id
        A name of its own for topic, group and keys, removed by `close`; the notebook runner sets
        it. Such a lab is *headless*: it makes no widgets. Empty: the plain names.
    settings
        In place of those from the environment.

    Raises
    ------
    ServersError
        when the servers can not be started or reached.
    """

    _current: ClassVar["Lab | None"] = None

    def __init__(
        self,
        *,
        rate: float = 20.0,
        players: int = 100,
        skew: float = 0.5,
        mix: Mapping[str, float] | None = None,
        processors: int = 1,
        serve: bool = True,
        seed: int | None = None,
        run_id: str = "",
        settings: Settings | None = None,
    ) -> None:
        if Lab._current is not None:
            Lab._current._close_quietly()
        wishes = Wishes(rate=rate, players=players, skew=skew, processors=processors)
        self.headless = bool(run_id)
        with progress.Starting(self.headless) as report:
            self._bench = Bench(
                settings or Settings.load(), run_id, wishes.with_({"mix": mix}), report
            )
        Views.__init__(self, self._bench)
        Gates.__init__(self, begun=lambda: self._engine.experiment is not None)
        Acts.__init__(self)
        self._serve, self._seed = serve, seed
        self._remote: Remote | None = None
        self._cockpit: Any = None
        self.closed = False
        Lab._current = self
        atexit.register(self._close_quietly)
        for note in self._bench.notes:
            progress.say(note)

    # running -----------------------------------------------------------------------------------

    def run(self, seconds: float | None = None, *, events: int | None = None) -> "Run":
        """Start an experiment and return at once; it ends after `seconds` or `events`.

        The producer then stops; processors and API go on. Without a limit it runs until `stop`.
        Running stages are used again; a producer that still runs is replaced; nobody is paused.

        Raises
        ------
        StageError
            when something failed since it was last asked for.
        """
        self._engine.raise_failures()
        experiment = Experiment(seconds, events)
        self._engine.wish({"paused": False, "processing_paused": False})

        def start() -> None:
            wishes, crew = self._engine.wishes, self._engine.crew
            crew.scale(wishes.processors)
            if self._serve:
                crew.serve()
            crew.produce(wishes, seconds=seconds, events=events, seed=self._seed)
            self._engine.experiment = experiment

        self._engine.ask(start)
        self.remind()
        return Run(experiment, self._engine.wishes)

    def wait(self, timeout_s: float | None = None) -> Sample:
        """Block until the experiment is over and the lag is 0; returns the last sample.

        Live charts go on meanwhile, and the Interrupt button works.

        Raises
        ------
        StageError
            when a stage fails, nothing was started, nobody applies what waits, or it takes longer
            than `timeout_s` (default: what the experiment was to take and 90 s more).
        """
        wait_until_over(self._engine, timeout_s, quiet=self.headless)
        return self.sample

    def subscribe(self, callback: Callable[[Sample], None]) -> Callable[[], None]:
        """Call back with each sample, 5 a second, in the lab's thread; the result ends that."""
        return self._engine.subscribe(callback)

    # showing and ending ------------------------------------------------------------------------

    def panel(self, show: str = "board") -> Any:
        """The control panel and live charts, to be displayed once; headless: a static picture.

        `show` chooses the charts beside that of the lag: "board" (ranking and rarity), or
        "assignment" (which processor owns which partition).

        Raises
        ------
        NotebookError
            when `show` is neither.
        """
        from leaderboard.lab.cockpit import cockpit  # loads Plotly and the widgets

        if self._remote is None:
            self._remote = Remote(self)
        self._cockpit = cockpit(self._remote, show)
        return self._cockpit

    def close(self) -> None:
        """Stop all stages, threads and clients; a run of its own removes its names. Twice is fine.

        Raises
        ------
        StageError
            when something failed that nobody was told of yet.
        """
        if not self.closed:
            self.closed = True
            atexit.unregister(self._close_quietly)
            if Lab._current is self:
                Lab._current = None
            try:
                if self._cockpit is not None:
                    self._cockpit.close()
                snapshot.close()
                self._close_opened()
            finally:
                self._bench.close()
        self._engine.raise_failures()

    def _close_quietly(self) -> None:
        """Close where nobody could handle what it raises; failures are shown instead."""
        try:
            self.close()
        except LeaderboardError as error:
            progress.say(f"The lab before this one had failed: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self.close()
        else:
            self._close_quietly()
