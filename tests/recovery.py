"""How long it takes until all is well again after a fault: measured, shown, never asserted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

PROPERTY = "recovery_s"


class Recovery:
    """Measures blocks of one test. `record` is pytest's `record_property`."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    @contextmanager
    def __call__(self, fault: str) -> Iterator[None]:
        """The block begins as the fault ends, and ends as everything is applied."""
        began = time.monotonic()
        yield
        self._record(f"{PROPERTY} {fault}", round(time.monotonic() - began, 2))


def recovery_lines(report: pytest.TestReport) -> Iterator[str]:
    """The times that a test has recorded, a line each."""
    for name, seconds in report.user_properties:
        if name.startswith(PROPERTY):
            fault = name.removeprefix(PROPERTY).strip() or report.nodeid
            yield f"{seconds:7.2f} s  {fault}"
