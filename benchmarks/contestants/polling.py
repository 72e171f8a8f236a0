"""Limits: kafka-python's bare poll, and poll with typed decode; `decode` says which."""

from __future__ import annotations

from benchmarks import stopwatch
from benchmarks.contestants.consumer import batches, reader
from benchmarks.stopwatch import Spec
from leaderboard.model.events import from_json


def main() -> None:
    """Poll everything, decode it if asked, and keep nothing."""
    spec = Spec.read()
    decode = spec.options["decode"]
    for records in batches(spec, reader(spec)):
        if decode:
            for record in records:
                from_json(record.value)
    stopwatch.end()


if __name__ == "__main__":
    main()
