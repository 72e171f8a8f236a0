"""The lab's one background thread: watches stages, reads Kafka and Redis, tells subscribers.

Everything that touches a child process or a client happens in this thread; other threads leave a
wish (`wish`) or ask for something to be done here (`ask`). A failure of a stage, of the servers or
of the thread itself is recorded and raised by the next one who asks (`raise_failures`).
"""

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from leaderboard.errors import ServersError, StageError, StoreError
from leaderboard.lab.compose import compose
from leaderboard.lab.crew import Crew
from leaderboard.lab.experiment import Experiment
from leaderboard.lab.monitor import Monitor, Reading
from leaderboard.lab.sample import Sample
from leaderboard.lab.wishes import Wishes
from leaderboard.pipeline.producer import RateMeter

log = logging.getLogger(__name__)

PERIOD_S: Final = 0.2
HISTORY: Final = 9000
"""Samples kept: half an hour."""

AWAY_LIMIT_S: Final = 10.0
"""Kafka or Redis not answering for so long is a failure."""

T = TypeVar("T")
Callback = Callable[[Sample], None]


class Engine:
    """Runs from `start` to `close`.

    `monitor` makes the reader, in the engine's thread; `on_stages` is told (pid, name) of the
    running stages.
    """

    def __init__(
        self,
        crew: Crew,
        monitor: Callable[[], Monitor],
        wishes: Wishes,
        on_stages: Callable[[list[tuple[int, str]]], None] = lambda _: None,
    ) -> None:
        self.crew = crew
        self.experiment: Experiment | None = None
        self._make_monitor = monitor
        self._on_stages = on_stages
        self._wishes = wishes
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=HISTORY)
        self._callbacks: list[Callback] = []
        self._failures: list[str] = []
        self._requests: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake = threading.Event()
        self._closing = False
        self._began = self._next = time.monotonic()
        self._reading = Reading({}, {}, {}, 0, [], {}, {})
        self._read_at = time.monotonic()
        self._meter = RateMeter()
        self._thread = threading.Thread(target=self._main, name="lab", daemon=True)

    # for other threads -------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def samples(self) -> list[Sample]:
        """The last half hour, oldest first."""
        with self._lock:
            return list(self._samples)

    @property
    def sample(self) -> Sample:
        """The newest; all zero before the first."""
        with self._lock:
            return self._samples[-1] if self._samples else Sample(t_s=0.0)

    @property
    def wishes(self) -> Wishes:
        return self._wishes

    def wish(self, changes: dict[str, Any]) -> None:
        """Ask for other values; they reach the stages with the thread's next turn, at once.

        Raises
        ------
        ValueError
            when a value is out of range; then nothing changes.
        """
        with self._lock:
            self._wishes = self._wishes.with_(changes)
        self._wake.set()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call `callback` with every sample, in the engine's thread; the result ends that."""
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return unsubscribe

    def ask(self, action: Callable[[], T]) -> T:
        """Do `action` in the engine's thread and wait for its result, or raise what it raised."""
        done = threading.Event()
        result: list[T] = []
        error: list[BaseException] = []

        def do() -> None:
            try:
                result.append(action())
            except BaseException as caught:  # noqa: BLE001  # handed to the thread that asked
                error.append(caught)
            done.set()

        if threading.current_thread() is self._thread:
            return action()
        self._requests.put(do)
        self._wake.set()
        while not done.wait(PERIOD_S):
            self.check_alive()
        if error:
            raise error[0]
        return result[0]

    def check_alive(self) -> None:
        """Raise `StageError` when the thread has ended: why it failed, or that it was closed."""
        if not self.alive:
            self.raise_failures()
            raise StageError("the lab is closed: make a new one with Lab(...)")

    def fail(self, why: str) -> None:
        """Record a failure; the experiment is over."""
        log.error("%s", why)
        with self._lock:
            self._failures.append(why)
        if self.experiment is not None:
            self.experiment.end()

    def stop_stages(self) -> None:
        """End every stage and record what failed on the way; in this engine's thread."""
        for failure in self.crew.stop_all():
            self.fail(failure)

    def raise_failures(self) -> None:
        """Raise what has failed since the last call, if anything has.

        Raises
        ------
        StageError
            quotes the last words of each failed stage.
        """
        with self._lock:
            failures, self._failures = self._failures, []
        if failures:
            raise StageError("\n".join(failures))

    def close(self) -> None:
        """Stop all stages and end the thread; again: nothing."""
        self._closing = True
        self._wake.set()
        if self.alive:
            self._thread.join()

    # the thread --------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            with self._make_monitor() as monitor:
                while not self._closing:
                    self._turn(monitor)
        except BaseException:  # noqa: BLE001  # the thread ends here; whoever asks next is told
            self.fail(f"the lab's thread failed:\n{traceback.format_exc()}")
        finally:
            self.stop_stages()
            if self.experiment is not None:
                self.experiment.end()

    def _turn(self, monitor: Monitor) -> None:
        self._wake.wait(max(0.0, self._next - time.monotonic()))
        self._wake.clear()
        self._do_requests()
        self.crew.tell(self._wishes)
        self._on_stages([(stage.pid, stage.name) for stage in self.crew.alive])
        if time.monotonic() >= self._next:
            self._next = max(self._next + PERIOD_S, time.monotonic())
            self._tick(monitor)

    def _do_requests(self) -> None:
        while True:
            try:
                self._requests.get_nowait()()
            except Empty:
                return

    def _tick(self, monitor: Monitor) -> None:
        failures = self.crew.pump()
        fresh = self._read(monitor)
        applied = self._reading.counts.get("applied", 0)
        sample = compose(
            self._reading,
            self.crew,
            self._wishes,
            t_s=time.monotonic() - self._began,
            apply_rate=self._meter.update(applied),
        )
        with self._lock:
            self._samples.append(sample)
            callbacks = list(self._callbacks)
        for failure in failures:
            self.fail(failure)  # after the sample: who is told finds the state that says so
        if self.experiment is not None:
            self.experiment.advance(self.crew.stage("producer"), sample, fresh=fresh)
        for callback in callbacks:
            self._call(callback, sample)

    def _read(self, monitor: Monitor) -> bool:
        """Read the servers; whether they answered. Away for long is a failure, told once."""
        now = time.monotonic()
        try:
            self._reading = monitor.read(self.crew.clients)
        except (ServersError, StoreError) as error:
            log.warning("%s", error)
            if self._read_at and now - self._read_at > AWAY_LIMIT_S:
                self._read_at = 0.0
                self.fail(f"no answer for {AWAY_LIMIT_S:g} s: {error}")
            return False
        self._read_at = time.monotonic()
        return True

    def _call(self, callback: Callback, sample: Sample) -> None:
        try:
            callback(sample)
        except Exception:  # noqa: BLE001  # a stranger's code: it is called no more, and told
            with self._lock:
                self._callbacks = [c for c in self._callbacks if c is not callback]
            self.fail(f"a subscriber failed:\n{traceback.format_exc()}")
