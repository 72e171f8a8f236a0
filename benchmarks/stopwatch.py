"""The clock inside a contestant: what it is asked for, and when it began and ended.

A contestant is `python -m MODULE SPEC`, SPEC being JSON. It prints lines of JSON: `start` as often
as it begins to wait for a first record (the last one counts), and `end` once. Times are the
machine's monotonic clock and the process's own CPU time, in seconds. Standard library only: peers
run in environments of their own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spec:
    """What a contestant is asked for.

    `kafka` is host:port; `events` are in `topic`, spread over `partitions`. `totals`, where not
    empty, is the file for the points per player. `core`, where not negative, is the only one to
    run on. `options` are the contestant's own.
    """

    kafka: str
    redis: str
    topic: str
    group: str
    partitions: int
    events: int
    totals: str = ""
    core: int = -1
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Spec:
        """The one on the command line; takes its core for this process."""
        values = json.loads(sys.argv[1])
        spec = cls(**{f.name: values[f.name] for f in fields(cls)})
        if spec.core >= 0:
            os.sched_setaffinity(0, {spec.core})
        return spec

    def keep_totals(self, totals: dict[str, int]) -> None:
        """Write what was summed per player, for the harness to compare."""
        Path(self.totals).write_text(json.dumps(totals), encoding="utf-8")


def now() -> dict[str, float]:
    """This moment: `at` on the machine's clock, `cpu` this process has used, in seconds."""
    return {"at": time.monotonic(), "cpu": time.process_time()}


def say(what: str, moment: dict[str, Any]) -> None:
    """Print one line for the harness."""
    sys.stdout.write(json.dumps({"what": what, **moment}) + "\n")
    sys.stdout.flush()


def start() -> None:
    """No record has come yet: the clock starts now, at the latest."""
    say("start", now())


def end() -> None:
    """The last record is done with."""
    say("end", now())
