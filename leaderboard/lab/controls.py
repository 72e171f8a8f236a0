"""What panel and live view need of a lab, and how a callback's exception is seen. No widgets."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Protocol, runtime_checkable

from leaderboard.lab.sample import Sample
from leaderboard.lab.wishes import Wishes


class Controls(Protocol):
    """What panel and live view need of a lab; every method is safe to call from any thread."""

    headless: bool

    def subscribe(self, callback: Callable[[Sample], None]) -> Callable[[], None]:
        """Call back with each sample, from the lab's thread; the result ends that."""

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
        """Ask for other values; None leaves one as it is."""

    def kill(self, stage: str) -> object:
        """End a process of that kind at once, as a crash would; returns its name."""

    def reset(self) -> object:
        """Start from an empty log and board."""

    def stop(self) -> object:
        """End all stages."""


@runtime_checkable
class Asked(Protocol):
    """A lab that also tells what it was asked for last: then the panel shows all of it."""

    def wishes(self) -> Wishes:
        """What was asked for last, by the panel or by a cell."""


class Say(Protocol):
    """Shows a text on the log line, in place of the one before."""

    def __call__(self, text: str, kind: str = "error") -> None: ...


def guarded(say: Say) -> Callable[[Callable[..., str]], Callable[..., None]]:
    """Make a callback tell `say` what it did, or its exception: the browser would swallow it."""

    def decorate(callback: Callable[..., str]) -> Callable[..., None]:
        @wraps(callback)
        def call(*args: Any) -> None:
            try:
                say(callback(*args), "info")
            except Exception as error:  # noqa: BLE001  # whatever it is, the reader must see it
                say(f"{type(error).__name__}: {error}")

        return call

    return decorate
