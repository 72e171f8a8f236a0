"""The control panel: ipywidgets that call a lab. No figures, no Kafka, no Redis in here.

Callbacks may run on any thread of the kernel (JupyterLab sends widget messages to a sub-shell), so
all they do is call the lab's thread-safe methods; an exception becomes a line on the panel.
"""

import threading
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, Protocol

import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab.sample import Sample

MAX_RATE: Final = 5_000
MAX_PROCESSORS: Final = 4
SETTLE_S: Final = 3.0
"""After a turn of a control, news from the lab about it is ignored for this long."""

MIXES: Final = {
    "70 / 20 / 10 (the default)": (0.7, 0.2, 0.1),
    "100 / 0 / 0 (only scores)": (1.0, 0.0, 0.0),
    "40 / 20 / 40 (many unlock)": (0.4, 0.2, 0.4),
    "20 / 70 / 10 (many join)": (0.2, 0.7, 0.1),
}
_TYPES: Final = ("player_scored", "player_joined", "achievement_unlocked")


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


def two_digits(rate: float) -> float:
    """`rate` as the slider shows it: two significant digits, at most `MAX_RATE`.

    >>> two_digits(1258.9), two_digits(1.26)
    (1300.0, 1.3)
    """
    return min(float(f"{rate:.2g}"), float(MAX_RATE))


class Panel:
    """The controls of one lab. `box` is the widget; `follow` keeps it true to the lab."""

    def __init__(self, lab: Controls, say: Say) -> None:
        self._lab = lab
        self._say = say
        self._turned: dict[str, float] = {}
        self._seen: dict[str, Any] = {}
        self._following = threading.local()
        self.rate = widgets.FloatLogSlider(
            value=20, min=0, max=3.69897, step=0.1, description="Event rate (events/s)",
            readout_format=",.2r", continuous_update=False,
        )  # fmt: skip
        self.mix = widgets.Dropdown(
            options=list(MIXES), description="Mix: score / join / unlock (%)"
        )
        self.players = widgets.BoundedIntText(
            value=100, min=1, max=100_000, description="Players (number)", continuous_update=False
        )
        self.skew = widgets.FloatSlider(
            value=0.5, min=0, max=2, step=0.1, description="Skew (Zipf exponent)",
            readout_format=".1f", continuous_update=False,
        )  # fmt: skip
        self.processors = widgets.ToggleButtons(
            options=[str(n) for n in range(MAX_PROCESSORS + 1)], value="1",
            description="Processors (number)",
        )  # fmt: skip
        self.pause = self._button("Pause", "Stop sending; processors go on", self._pause)
        self.kill = self._button(
            "Kill a processor", "End one processor as a crash would", self._kill, "warning"
        )
        self.reset = self._button("Reset…", "Empty the log and the board", self._ask)
        self.stop = self._button("Stop", "End all stages", self._stop)
        self.sure = self._button("Yes, empty the board", "Cannot be undone", self._reset, "danger")
        self.keep = self._button("Keep it", "Do not reset", self._unask)
        self._observe()
        self.box = self._boxes()

    def _button(
        self, text: str, tip: str, click: Callable[[], str], style: str = ""
    ) -> widgets.Button:
        button = widgets.Button(description=text, tooltip=tip, button_style=style)
        button.on_click(guarded(self._say)(lambda _button: click()))
        return button

    def _boxes(self) -> widgets.HBox:
        self._confirm = widgets.HBox([self.sure, self.keep])
        self._actions = widgets.HBox([self.pause, self.kill, self.reset, self.stop])
        self._unask()
        actions = widgets.VBox([self._actions, self._confirm])
        actions.add_class("lbc-actions")
        box = widgets.HBox([self.rate, self.mix, self.players, self.skew, self.processors, actions])
        for widget, name in zip(box.children, ("rate", "mix", "players", "skew", "processors")):  # noqa: B905  # the actions have no name
            widget.add_class(f"lbc-{name}")
        box.add_class("lbc-controls")
        return box

    def _observe(self) -> None:
        """Turn each control into one call of `lab.set`."""
        values: dict[str, tuple[widgets.Widget, Callable[[Any], Any]]] = {
            "rate": (self.rate, two_digits),
            "mix": (self.mix, lambda text: dict(zip(_TYPES, MIXES[text], strict=True))),
            "players": (self.players, int),
            "skew": (self.skew, lambda x: round(x, 2)),
            "processors": (self.processors, int),
        }
        for name, (widget, convert) in values.items():
            widget.observe(self._setter(name, convert), names="value")

    def _setter(self, name: str, convert: Callable[[Any], Any]) -> Callable[[Any], None]:
        def turned(change: Any) -> str:
            value = convert(change["new"])
            self._turned[name] = time.monotonic()
            self._seen.pop(name, None)
            self._lab.set(**{name: value})
            return ""

        tell = guarded(self._say)(turned)

        def changed(change: Any) -> None:
            if not getattr(self._following, "now", False):
                tell(change)

        return changed

    def _pause(self) -> str:
        paused = self.pause.description == "Pause"
        self._turned["paused"] = time.monotonic()
        self._lab.set(paused=paused)
        self.pause.description = "Resume" if paused else "Pause"
        return "Paused: nothing is sent, processors go on." if paused else ""

    def _kill(self) -> str:
        name = self._lab.kill("processor") or "a processor"
        return f"Killed {name}; choose the number of processors to replace it."

    def _stop(self) -> str:
        self._say("Stopping all stages…", "info")
        self._lab.stop()
        return "Stopped. lab.run() starts again."

    def _ask(self) -> str:
        self._actions.layout.display, self._confirm.layout.display = "none", ""
        return "Reset deletes every event and the board."

    def _unask(self) -> str:
        self._actions.layout.display, self._confirm.layout.display = "", "none"
        return ""

    def _reset(self) -> str:
        self._unask()
        self._say("Deleting events and board…", "info")
        self._lab.reset()
        return "Log and board are empty. lab.run() starts again."

    def follow(self, sample: Sample) -> None:
        """Show what the lab was told elsewhere, for instance by `lab.set` in a cell."""
        self._following.now = True
        try:
            for name, value in _news(sample).items():
                settled = time.monotonic() - self._turned.get(name, -SETTLE_S) >= SETTLE_S
                if settled and value != self._seen.get(name):
                    self._seen[name] = value
                    self._show(name, value)
        finally:
            self._following.now = False

    def _show(self, name: str, value: Any) -> None:
        if name == "paused":
            self.pause.description = "Resume" if value else "Pause"
        elif name == "processors":
            self.processors.value = str(value)
        elif two_digits(self.rate.value) != two_digits(value):
            self.rate.value = min(max(value, 1.0), float(MAX_RATE))


def _news(sample: Sample) -> dict[str, Any]:
    """What `sample` says about the controls."""
    news: dict[str, Any] = {}
    if sample.target_rate > 0:
        news["rate"] = sample.target_rate
    if "producer" in sample.stages:
        news["paused"] = sample.stages["producer"] == "paused"
    processors = [s for name, s in sample.stages.items() if name.startswith("processor-")]
    if processors:  # a killed one does not count: choosing its number again replaces it
        alive = sum(state in ("starting", "running", "paused") for state in processors)
        news["processors"] = min(alive, MAX_PROCESSORS)
    return news
