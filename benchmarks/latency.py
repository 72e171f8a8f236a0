"""How long an event takes to Redis, and to a WebSocket client, at several rates.

Open loop: the k-th event is due k / rate seconds after the first, whether or not the pipeline keeps
up, and its latency counts from there. The shares are of what producer, broker, processor and Redis
manage on this machine together, with the producer sending as fast as it can.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from tqdm import tqdm

from benchmarks.pipeline import LONGEST_S, Counted, Pipeline, latencies, lateness, pipeline
from benchmarks.programs import Program, command, program
from benchmarks.quantiles import quantiles
from benchmarks.results import Options, Part, Row, rounded, spread
from benchmarks.servers import Servers, servers
from benchmarks.socket_clients import Came

SECONDS: Final = 8.0
SHORT_SECONDS: Final = 1.0
ROUNDS: Final = 3
"""At most: a round takes two minutes."""
STEADY: Final = 5000
SHORT_STEADY: Final = 100
SHARES: Final = (0.25, 0.5, 0.75, 0.9)
SHORT_SHARES: Final = (0.5,)
CLIENTS: Final = 10
STARTING: Final = 1 / 8
"""Share of the time whose events are left out: a producer begins by finding its broker."""
PARTS: Final = ("p50", "p99", "max")


class Load(Struct, frozen=True):
    """A rate in events per second, and what it is called."""

    name: str
    rate: float


class Measure(Struct, frozen=True):
    """Of one load in one round: latencies in milliseconds, by name as in `PARTS`.

    `made` is the producer's share: from when events were due to when it made them.
    """

    made: Row
    redis: Row
    websocket: Row
    cpu_us: float


def run(options: Options) -> Part:
    """Measure every load."""
    with servers() as running:
        return measure(running, options)


def measure(running: Servers, options: Options) -> Part:
    """Measure on these servers, in a topic of its own."""
    with pipeline(running) as pipe, command(pipe.settings, "serve", "--port", "0") as serving:
        port = str(urlsplit(serving.line().split()[1]).port)
        arguments = ["-m", "benchmarks.socket_clients", port, str(CLIENTS), "0", "/ws"]
        with program(pipe.settings, *arguments) as clients:
            clients.line()
            capacity = measure_capacity(pipe, seconds(options))
            rows = measure_loads(pipe, clients, loads(capacity, options), options)
        wrong = pipe.verify()
    for line in rows:
        line["wrong"] = wrong
    p99 = {line["load"]: line["redis_ms_p99"] for line in rows}
    found = {"p99 ms at 5k": p99["steady"], "p99 ms at half": p99["50 %"]}
    about = {"capacity_events_per_s": rounded(capacity), "seconds": seconds(options)}
    return Part("latency", found, {"latency": rows}, about)


def loads(capacity: float, options: Options) -> list[Load]:
    """The rates to measure at."""
    steady = SHORT_STEADY if options.short else STEADY
    shares = SHORT_SHARES if options.short else SHARES
    return [
        Load("steady", steady),
        *(Load(f"{100 * share:.0f} %", round(capacity * share)) for share in shares),
    ]


def measure_capacity(pipe: Pipeline, for_s: float) -> float:
    """Events per second while more are sent than are counted; the first half is left out."""
    before = pipe.counted()
    with pipe.watched() as counted, pipe.producing("--seconds", str(for_s), rate=0):
        deadline = time.monotonic() + LONGEST_S
        while pipe.counted() == before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no event was counted within {LONGEST_S:g} s")
            time.sleep(0.01)
        time.sleep(for_s / 2)  # left out; the second half is the one that counts
        half = len(counted) - 1
        time.sleep(for_s / 2)
        end = len(counted) - 1
    settle(pipe)
    (began, first), (ended, last) = counted[half], counted[end]
    return (last - first) / (ended - began)


def measure_loads(
    pipe: Pipeline, clients: Program, asked: Sequence[Load], options: Options
) -> list[Row]:
    """A row for each load: medians over the rounds."""
    rounds = min(options.rounds, ROUNDS)
    found: dict[str, list[Measure]] = {load.name: [] for load in asked}
    with tqdm(total=rounds * len(asked), disable=not options.progress) as bar:
        for _ in range(rounds):
            for load in asked:
                bar.set_description(f"{load.rate:,.0f} events/s")
                found[load.name].append(once(pipe, clients, load.rate, seconds(options)))
                bar.update()
    return [row(load, found[load.name]) for load in asked]


def once(pipe: Pipeline, clients: Program, rate: float, for_s: float) -> Measure:
    """Send at one rate, until everything is counted and was pushed."""
    before, since, cpu_s = pipe.counted(), pipe.ends(), pipe.processor.cpu_s()
    events = round(rate * for_s)
    with pipe.watched() as counted:
        counted.append((time.time(), before))
        pipe.produce("--events", str(events), rate=rate)
        pipe.wait_for(before + events)
    cpu_us = 1e6 * (pipe.processor.cpu_s() - cpu_s) / events
    counted.append((time.time(), before + events))
    made, skip = pipe.made(since, events), round(events * STARTING)
    found = latencies(counted, made[0], rate, before, skip)
    pushed = pushes(clients, before + events)
    seen = [ms for times in pushed for ms in latencies(times, made[0], rate, before, skip)]
    late = quantiles("ms", lateness(made, rate, skip))
    return Measure(late, quantiles("ms", found), quantiles("ms", seen), cpu_us)


def pushes(clients: Program, events: int) -> list[Counted]:
    """When how many events were in pushes, by client, once all have shown so many."""
    ahead = time.time() - time.monotonic()
    deadline = time.monotonic() + LONGEST_S
    while True:
        sampled = clients.ask(Came).sampled
        if time.monotonic() > deadline:
            raise TimeoutError(f"not every client was shown {events} events")
        if all(times and times[-1][1] >= events for times in sampled):
            return [[(at + ahead, n) for at, n in times] for times in sampled]
        time.sleep(0.05)


def settle(pipe: Pipeline) -> None:
    """Wait until everything in the log is counted."""
    pipe.wait_for(sum(pipe.ends().values()))


def row(load: Load, measures: Sequence[Measure]) -> Row:
    """A line of the table."""
    return {
        "contestant": "ours",
        "load": load.name,
        "events_per_s": load.rate,
        **{
            name: value
            for part in PARTS
            for of in ("made", "redis", "websocket")
            for name, value in spread(
                f"{of}_ms_{part}", [getattr(m, of)[f"ms_{part}"] for m in measures]
            ).items()
        },
        **spread("processor_cpu_us", [m.cpu_us for m in measures]),
    }


def seconds(options: Options) -> float:
    """For how long events come at one rate."""
    return SHORT_SECONDS if options.short else SECONDS
