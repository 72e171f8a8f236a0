"""What a request costs: the plain board against an empty route, and against a handler that reads.

Of one server process, asked over 16 and 64 connections that stay open, while the board stands still
and while it changes fifty times a second. CPU time of the server per request comes first: on a
small machine clients, Redis and server take each other's time.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable
from contextlib import nullcontext
from random import Random
from typing import Final, cast
from urllib.parse import urlsplit

from msgspec import Struct
from tqdm import tqdm

from benchmarks.api_server import NO_OP, TWO_READS
from benchmarks.feed import PLAYERS, Feed
from benchmarks.http_load import Answers, answer_to, ask, request
from benchmarks.programs import Program, Used, program
from benchmarks.results import Options, Part, Row, rounded, spread
from benchmarks.servers import Servers, servers
from leaderboard.store.keys import Keys

CONNECTIONS: Final = (16, 64)
SECONDS: Final = 1.0
SHORT_SECONDS: Final = 0.1
SNAPSHOT: Final = "/api/leaderboard?top=10"


class Question(Struct, frozen=True):
    """What is asked; `ask` gives the request's bytes, `status` is what every answer must have."""

    contestant: str
    request: Callable[[str], bytes]
    status: int = 200


QUESTIONS: Final = (
    Question("no-op route", lambda _: request(NO_OP)),
    Question("snapshot", lambda _: request(SNAPSHOT)),
    Question("two reads", lambda _: request(TWO_READS)),
    Question("snapshot, 304", lambda etag: request(SNAPSHOT, if_none_match=etag), 304),
)


class Measure(Struct, frozen=True):
    """Of one question in one round."""

    cpu_us: float
    redis_us: float
    requests_per_s: float
    wrong: str


def run(options: Options) -> Part:
    """Measure every question in every state."""
    with servers() as running:
        return measure(running, options)


def measure(running: Servers, options: Options) -> Part:
    """Measure on these servers; their Redis is emptied."""
    running.empty_redis()
    settings = running.settings.with_(kafka=running.kafka, redis=running.redis_url)
    feed = Feed(running.redis, settings)
    feed.count(500 if options.short else PLAYERS)
    rows: list[Row] = []
    with program(settings, "-m", "benchmarks.api_server") as server:
        url = urlsplit(server.line())
        place = (url.hostname or "", url.port or 0)
        for board in ("still", "changing"):
            with feed.changing() if board == "changing" else nullcontext():
                rows += measure_state(running, server, place, board, options)
            check_board(running, settings.key_prefix, place, rows)
    return Part("api", ratios(rows), {"requests": rows}, {"seconds": seconds(options)})


def measure_state(
    running: Servers, server: Program, place: tuple[str, int], board: str, options: Options
) -> list[Row]:
    """A row for each question and number of connections, with the board as it is now."""
    # a tag of another content is no 304, so a board that changes is not asked with one
    asked = QUESTIONS if board == "still" else QUESTIONS[:3]
    entries = [(question, n) for question in asked for n in CONNECTIONS]
    found: dict[tuple[str, int], list[Measure]] = {(q.contestant, n): [] for q, n in entries}
    with tqdm(total=len(entries) * options.rounds, disable=not options.progress) as bar:
        for number in range(options.rounds):
            for question, n in Random(number).sample(entries, len(entries)):
                bar.set_description(f"{question.contestant}, {n} connections, board {board}")
                measured = once(running, server, place, question, n, seconds(options))
                found[question.contestant, n].append(measured)
                bar.update()
    return [row(name, n, board, measures) for (name, n), measures in found.items()]


def once(
    running: Servers,
    server: Program,
    place: tuple[str, int],
    question: Question,
    connections: int,
    for_s: float,
) -> Measure:
    """Ask one question for some time."""
    asked = question.request(answer_to(*place, request(SNAPSHOT)).etag)
    answer_to(*place, asked)
    before, redis_before = server.ask(Used), running.used().redis
    answers = asyncio.run(ask(*place, asked, connections, for_s))
    after, redis_after = server.ask(Used), running.used().redis
    return Measure(
        1e6 * (after.cpu_s - before.cpu_s) / answers.count,
        1e6 * (redis_after - redis_before) / answers.count,
        answers.count / answers.seconds,
        wrong_of(answers, question.status),
    )


def wrong_of(answers: Answers, status: int) -> str:
    """What is wrong with the answers; empty: nothing."""
    others = {s: n for s, n in answers.statuses.items() if s != status}
    return f"answers other than {status}: {others}" if others else ""


def check_board(running: Servers, prefix: str, place: tuple[str, int], rows: list[Row]) -> None:
    """Mark the snapshot's rows as wrong when its answer is not what Redis holds."""
    answer = json.loads(answer_to(*place, request(SNAPSHOT)).body)
    best = running.redis.zrevrange(Keys(prefix).board, 0, 9, withscores=True)
    held = [int(score) for _, score in cast("list[tuple[bytes, float]]", best)]
    shown = [player["score"] for player in answer["top_players"]]
    if shown != held:
        for line in rows:
            if line["contestant"].startswith("snapshot"):
                line["wrong"] = f"shows scores {shown}, Redis holds {held}"


def row(contestant: str, connections: int, board: str, measures: list[Measure]) -> Row:
    """A line of the table."""
    return {
        "contestant": contestant,
        "connections": connections,
        "board": board,
        **spread("cpu_us", [m.cpu_us for m in measures]),
        **spread("redis_us", [m.redis_us for m in measures]),
        **spread("requests_per_s", [m.requests_per_s for m in measures]),
        "wrong": next((m.wrong for m in measures if m.wrong), ""),
    }


def ratios(rows: list[Row]) -> dict[str, float]:
    """Of CPU time per request: medians over the states and numbers of connections."""
    cpu = {(r["contestant"], r["connections"], r["board"]): r["cpu_us"] for r in rows}

    def against(other: str) -> float:
        states = [key[1:] for key in cpu if key[0] == other]
        return rounded(
            statistics.median(cpu[other, *state] / cpu["snapshot", *state] for state in states)
        )

    return {"snapshot/no-op": against("no-op route"), "snapshot/two reads": against("two reads")}


def seconds(options: Options) -> float:
    """For how long one question is asked."""
    return SHORT_SECONDS if options.short else SECONDS
