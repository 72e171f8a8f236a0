"""kafka-python: consume, decode and sum in memory; `decode` is json or msgspec."""

from __future__ import annotations

from benchmarks import stopwatch
from benchmarks.contestants.consumer import batches, reader
from benchmarks.contestants.sums import SUMS
from benchmarks.stopwatch import Spec


def main() -> None:
    """Sum as fast as that decoder allows."""
    spec = Spec.read()
    totals: dict[str, int] = {}
    add = SUMS[spec.options["decode"]]
    for records in batches(spec, reader(spec)):
        add(totals, [record.value for record in records])
    stopwatch.end()
    spec.keep_totals(totals)


if __name__ == "__main__":
    main()
