"""One run of one contestant: started as processes of its own, timed, its end state checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Timer
from typing import Any, Final

from msgspec import Struct

from benchmarks import checks
from benchmarks.checks import Check, End
from benchmarks.datasets import Topic
from benchmarks.servers import Servers, Used
from benchmarks.stopwatch import Spec
from leaderboard.settings import PREFIX, project_root

LONGEST_S: Final = 180.0
SHOWN: Final = 1500


class Contestant(Struct, frozen=True):
    """A program that takes part.

    Attributes
    ----------
    name, table
        What it is called, and in which table it is shown.
    module
        What `python -m` runs; `python` is the interpreter.
    size
        Which topic it reads: slow ones get fewer of the same events.
    check
        What tells whether its end state is right.
    options, environment
        What it is told beside the usual.
    members
        Processes that share the topic; more than one must wait for a line, as `ours` does.
    """

    name: str
    table: str
    module: str
    check: Check = checks.nothing
    size: str = "large"
    python: Path = Path(sys.executable)
    options: dict[str, Any] = {}
    environment: dict[str, str] = {}
    members: int = 1

    @property
    def is_ours(self) -> bool:
        """Whether it is our command, which joins its group before the clock starts."""
        return self.module == "benchmarks.contestants.ours"


class Measure(Struct, frozen=True):
    """What one run took: CPU in microseconds per event, of each process apart.

    `wrong` says what is wrong with the end state; empty: nothing.
    """

    events_per_s: float
    client_us: float
    broker_us: float
    redis_us: float
    seconds: float
    wrong: str = ""


class FailedError(Exception):
    """A contestant ended before it was done."""


class Member:
    """One process of a contestant, and the lines it says."""

    def __init__(self, contestant: Contestant, spec: Spec, environment: Mapping[str, str]) -> None:
        self._name = contestant.name
        self._errors = Path(spec.totals).with_suffix(".err").open("w+b")
        command = [str(contestant.python), "-m", contestant.module, json.dumps(asdict(spec))]
        self._process = subprocess.Popen(
            command,
            cwd=project_root(),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._timer = Timer(LONGEST_S, self._process.kill)
        self._timer.start()

    def line(self) -> dict[str, Any]:
        """The next line.

        Raises
        ------
        FailedError
            when the process ends without one, or takes longer than `LONGEST_S`; with its errors.
        """
        assert self._process.stdout is not None
        for text in self._process.stdout:
            if text.startswith('{"what"'):
                return dict(json.loads(text))
        status = self._process.wait()
        self._errors.seek(0)
        told = self._errors.read().decode(errors="replace")[-SHOWN:]
        raise FailedError(f"{self._name} ended with status {status} before it was done:\n{told}")

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Wait until it has ended by itself; kill it when it was not done."""
        try:
            if sys.exc_info()[0]:
                self._process.kill()
            self._process.communicate(timeout=LONGEST_S)
        finally:
            self._timer.cancel()
            self._errors.close()


def run(
    contestant: Contestant, servers: Servers, topic: Topic, *, core: int = -1, empty: bool = True
) -> Measure:
    """Run it with a group of its own; on one `core`, unless that is negative.

    Redis is emptied before, unless not `empty`.

    Raises
    ------
    FailedError
        when it does not finish.
    """
    if empty:
        servers.empty_redis()
    spec = spec_for(contestant, servers, topic, core)
    members = [
        Member(contestant, spec, environment(contestant, spec)) for _ in range(contestant.members)
    ]
    try:
        if contestant.is_ours:
            wait_for_all(members, topic.partitions)
        used, moments = timed(members, servers)
    finally:
        for member in members:
            member.close()
    wrong = contestant.check(End(servers, topic, Path(spec.totals)))
    return measure(used, moments, topic.events, wrong)


def spec_for(contestant: Contestant, servers: Servers, topic: Topic, core: int) -> Spec:
    """What it is asked for, with names of its own."""
    name = uuid.uuid4().hex
    return Spec(
        kafka=servers.kafka,
        redis=servers.redis_url,
        topic=topic.name,
        group=f"bench-{name[:12]}",
        partitions=topic.partitions,
        events=topic.events,
        totals=str(servers.folder / f"{name}.json"),
        core=core,
        options=contestant.options,
    )


def wait_for_all(members: Sequence[Member], partitions: int) -> None:
    """Wait until the members own all partitions, then let them begin."""
    owned = dict.fromkeys(range(len(members)), -1)
    while sum(owned.values()) < partitions or -1 in owned.values():
        number = min(owned, key=lambda n: owned[n])
        owned[number] = int(members[number].line()["partitions"])
    for member in members:
        member.go()


def timed(
    members: Sequence[Member], servers: Servers
) -> tuple[list[Used], list[list[dict[str, Any]]]]:
    """What the servers had used at the start and at the end, and both moments of each member."""
    used = [servers.used()] * 2
    moments: list[list[dict[str, Any]]] = []
    for member in members:
        began: dict[str, Any] = {}
        while (line := member.line())["what"] != "end":
            if line["what"] == "start":
                began = line
                used[0] = servers.used() if not moments else used[0]
        moments.append([began, line])
    used[1] = servers.used()
    return used, moments


def measure(
    used: list[Used], moments: list[list[dict[str, Any]]], events: int, wrong: str
) -> Measure:
    """Costs per event, from the first start to the last end."""
    began = min(start["at"] for start, _ in moments)
    seconds = max(end["at"] for _, end in moments) - began
    client = sum(end["cpu"] - start["cpu"] for start, end in moments)
    each = 1e6 / events
    return Measure(
        events_per_s=events / seconds,
        client_us=client * each,
        broker_us=(used[1].broker - used[0].broker) * each,
        redis_us=(used[1].redis - used[0].redis) * each,
        seconds=seconds,
        wrong=wrong,
    )


def environment(contestant: Contestant, spec: Spec) -> dict[str, str]:
    """What its process sees: this one's variables, and where to read and write in our settings."""
    ours = {
        "kafka": spec.kafka,
        "redis": spec.redis,
        "topic": spec.topic,
        "group": spec.group,
        "partitions": str(spec.partitions),
        "log_level": "WARNING",
    }
    settings = {PREFIX + name.upper(): value for name, value in ours.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | settings | contestant.environment
