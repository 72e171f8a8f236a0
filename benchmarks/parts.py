"""The parts there are, and running them in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from msgspec import structs

from benchmarks.machine import conditions, need_quiet
from benchmarks.results import Options, Part, write

PARTS: Final = (
    "throughput", "scale", "sweep", "boards", "reads", "rebuild", "api", "websocket", "latency",
    "idle", "soak",
)  # fmt: skip
"""Modules of this package, each with `run(options) -> Part`, in the order they are run."""

Run = Callable[[Options], Part]


def find(name: str) -> Run:
    """What measures the part of that name; imported only now, as each needs packages of its own.

    Raises
    ------
    ValueError
        when there is none.
    """
    if name not in PARTS:
        raise ValueError(f"no part {name!r}; there are {', '.join(PARTS)}")
    found: Run = import_module(f"benchmarks.{name}").run
    return found


def measure(
    names: Sequence[str], options: Options, *, anyway: bool, report: Callable[[str], None]
) -> list[Part]:
    """Measure the parts `names` in turn and keep each as soon as it is done.

    Raises
    ------
    ValueError
        for an unknown name, before anything is measured.
    BusyError
        when others use the machine before one of them, unless `anyway`.
    """
    runs = {name: find(name) for name in names}
    parts = []
    for name, run in runs.items():
        found = conditions(need_quiet(anyway=anyway))
        report(f"{name}: others use {found['busy_cores']:.2f} cores")
        part = run(options)
        if part.name != name:
            raise AssertionError(f"benchmarks.{name} reports a part {part.name!r}")
        asked = {"rounds": options.rounds, "short": options.short}
        part = structs.replace(part, conditions={**found, **asked, **part.conditions})
        report(f"{name}: written to {write(part, options.folder)}")
        parts.append(part)
    return parts
