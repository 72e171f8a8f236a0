"""What a processor costs at the rate of a lesson, and while nothing comes."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.pipeline import Pipeline, latencies, pipeline
from benchmarks.quantiles import quantiles
from benchmarks.results import Options, Part, Row, rounded
from benchmarks.servers import servers

RATE: Final = 50.0
SECONDS: Final = 30.0
SHORT_SECONDS: Final = 1.0


def run(options: Options) -> Part:
    """Measure both."""
    with servers() as running, pipeline(running) as pipe:
        return measure(pipe, options)


def measure(pipe: Pipeline, options: Options) -> Part:
    """Measure on this pipeline."""
    for_s = SHORT_SECONDS if options.short else SECONDS
    rows = [lesson(pipe, for_s), nothing(pipe, for_s)]
    wrong = pipe.verify()
    for row in rows:
        row["wrong"] = wrong
    found = {"idle cpu %": rows[0]["processor_cpu_percent"]}
    return Part("idle", found, {"idle": rows}, {"seconds": for_s})


def lesson(pipe: Pipeline, for_s: float) -> Row:
    """At `RATE` events per second."""
    before, since = pipe.counted(), pipe.ends()
    events = round(RATE * (for_s + 1))
    with pipe.watched() as counted, pipe.producing("--events", str(events), rate=RATE):
        counted.append((time.time(), before))
        pipe.wait_for(before + 1)
        cpu_percent = cpu(pipe, for_s)
    pipe.wait_for(before + events)
    found = latencies(counted, pipe.made(since, events)[0], RATE, before)
    return line(RATE, cpu_percent) | quantiles("redis_ms", found)


def nothing(pipe: Pipeline, for_s: float) -> Row:
    """Without any event."""
    return line(0, cpu(pipe, for_s))


def cpu(pipe: Pipeline, for_s: float) -> float:
    """Percent of a core that the processor uses in that time."""
    began, before = time.monotonic(), pipe.processor.cpu_s()
    time.sleep(for_s)  # the time that is measured
    return 100 * (pipe.processor.cpu_s() - before) / (time.monotonic() - began)


def line(rate: float, cpu_percent: float) -> Row:
    """What both rows tell."""
    return {
        "contestant": "ours",
        "events_per_s": rate,
        "processor_cpu_percent": rounded(cpu_percent),
    }
