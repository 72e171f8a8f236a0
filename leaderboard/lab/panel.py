"""The control panel: ipywidgets that call a lab. No figures, no Kafka, no Redis in here.

Callbacks may run on any thread of the kernel (JupyterLab sends widget messages to a sub-shell), so
all they do is call the lab's thread-safe methods; an exception becomes a line on the panel.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import ipywidgets as widgets  # type: ignore[import-untyped]  # ships no types

from leaderboard.lab.controls import Asked, Controls, Say, guarded
from leaderboard.lab.sample import Sample
from leaderboard.model.events import EVENT_TYPES

MAX_RATE: Final = 5_000
MAX_PROCESSORS: Final = 4
_WISHES: Final = ("rate", "players", "skew", "mix", "paused")

SETTLE_S: Final = 3.0
"""After a turn of a control, news from the lab about it is ignored for this long."""

MIXES: Final[dict[str, tuple[float, ...]]] = {
    "70 / 20 / 10 (the default)": (0.7, 0.2, 0.1, 0.0),
    "100 / 0 / 0 (only scores)": (1.0, 0.0, 0.0, 0.0),
    "40 / 20 / 40 (many unlock)": (0.4, 0.2, 0.4, 0.0),
    "20 / 70 / 10 (many join)": (0.2, 0.7, 0.1, 0.0),
    "50 / 20 / 10 / 20 (with matches)": (0.5, 0.2, 0.1, 0.2),
}


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
        self._mixes = dict(MIXES)
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
            "mix": (self.mix, lambda text: dict(zip(EVENT_TYPES, self._mixes[text], strict=True))),
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
            for name, value in _news(self._lab, sample).items():
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
        elif name == "rate":
            if two_digits(self.rate.value) != two_digits(value):
                self.rate.value = min(max(value, 1.0), float(MAX_RATE))
        elif name == "players":
            self.players.value = value
        elif name == "skew":
            self.skew.value = value
        elif name == "mix":
            self._show_mix(value)

    def _show_mix(self, mix: Mapping[str, float]) -> None:
        total = sum(mix.values()) or 1.0
        shares: tuple[float, ...] = tuple(
            round(mix.get(kind, 0.0) / total, 3) for kind in EVENT_TYPES
        )
        text = next((t for t, known in MIXES.items() if known == shares), None)
        if text is None:  # one that only a cell can ask for
            shown = shares if shares[-1] else shares[:-1]
            text = " / ".join(f"{100 * share:g}" for share in shown)
            self._mixes = {**MIXES, text: shares}
            self.mix.options = list(self._mixes)
        self.mix.value = text


def _news(lab: Controls, sample: Sample) -> dict[str, Any]:
    """What the controls should show, by name.

    A killed processor does not count: its number can be chosen again, which replaces it.
    """
    news: dict[str, Any] = {}
    states = [s for name, s in sample.stages.items() if name.startswith("processor-")]
    if states:
        alive = sum(state in ("starting", "running", "paused") for state in states)
        news["processors"] = min(alive, MAX_PROCESSORS)
    if isinstance(lab, Asked):
        wishes = lab.wishes()
        return news | {name: getattr(wishes, name) for name in _WISHES}
    if sample.target_rate > 0:
        news["rate"] = sample.target_rate
    if "producer" in sample.stages:
        news["paused"] = sample.stages["producer"] == "paused"
    return news
