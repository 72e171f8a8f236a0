"""Replay the log through the oracle and compare everything with Redis: drift 0, or what differs.

The log is replayed up to the offsets that Redis says it has applied, so a lag is no drift.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct
from redis import Redis

from leaderboard.errors import ServersError, VerifyError
from leaderboard.model.boards import Board, definitions
from leaderboard.model.oracle import Oracle, Player, read
from leaderboard.model.oracle_boards import BoardsOracle
from leaderboard.model.wire import Wire
from leaderboard.pipeline.client import client
from leaderboard.pipeline.knowledge import Knowledge
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.schemas import local_wire
from leaderboard.pipeline.verify_boards import board_differences
from leaderboard.store.keys import Keys
from leaderboard.store.state import State, read_state

ATTEMPTS = 20
_ENTRY = ("timestamp", "event_id", "player_id", "player", "achievement", "rarity")


class Difference(Struct, frozen=True):
    """One thing that differs: where, what the oracle expects, what Redis holds.

    `explained_by` names the first record whose loss or double counting explains it, if any does.
    """

    where: str
    expected: Any
    got: Any
    explained_by: str = ""


class Report(Struct, frozen=True):
    """What was compared. `drift` counts the differences; `lag` the records not yet applied."""

    drift: int
    differences: list[Difference]
    records: int
    applied: int
    duplicates: int
    dead_letters: int
    players: int
    lag: int
    offsets: dict[int, int]
    seconds: float


def verify(
    kafka: str,
    redis: Redis,
    keys: Keys,
    topic: str,
    boards: tuple[Board, ...],
    *,
    wire: Wire | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Report:
    """Compare Redis with the oracle. `on_progress` gets records replayed, and how many in all.

    `wire` says what schema ids stand for; by default those of this program.

    Raises
    ------
    VerifyError
        when the two can not be compared: the log's start is gone, Redis would not stand still, or
        records were counted with schemas that are unknown here.
    ServersError, StoreError
        when Kafka, the schema registry or Redis is away.
    """
    began = time.monotonic()
    begins, ends = bounds(kafka, topic)
    state = _standstill(redis, keys, topic, list(ends))
    stored = {p: o or 0 for p, o in state.offsets.items()}
    if state.definitions != definitions(boards) and any(stored.values()):
        raise VerifyError(
            f"Redis holds counts of other boards than the {len(boards)} declared now: nothing to "
            "compare; to count the log anew for them: `leaderboard rebuild`"
        )
    for partition, begin in begins.items():
        if begin > state.begins.get(partition, 0) and stored[partition] > 0:
            raise VerifyError(
                f"{topic}[{partition}]: records before offset {begin} are gone from the log "
                "(retention), so what Redis counted of them can not be recomputed"
            )
        if stored[partition] > ends[partition]:
            raise VerifyError(
                f"{topic}[{partition}]: Redis has applied up to offset {stored[partition]}, but "
                f"the log ends at {ends[partition]}: this is another log"
            )
    knowledge = Knowledge(wire or local_wire(), state.schemas)
    oracle, records = Oracle(boards=BoardsOracle(boards)), 0
    total = sum(max(0, stored[p] - begin) for p, begin in begins.items())
    for record in read_log(kafka, topic, end=stored):
        schema_text = knowledge.schema_text(record.partition, record.offset)
        logged_us = record.timestamp * 1000 if record.timestamp >= 0 else None
        oracle.feed(record.partition, record.value, logged_us, record.headers, schema_text)
        records += 1
        if records % 1000 == 0:
            on_progress(records, total)
    on_progress(records, total)
    try:
        differences = list(compare(oracle, state))
        differences += (
            Difference(*found) for found in board_differences(oracle, state, topic, list(ends))
        )
    except ValueError as error:
        raise VerifyError(f"achievements:recent holds what is none of ours: {error}") from error
    if differences:
        differences = _explain(differences, kafka, topic, stored, knowledge)
    return Report(
        drift=len(differences),
        differences=differences,
        records=records,
        applied=oracle.applied,
        duplicates=oracle.duplicates,
        dead_letters=oracle.dead_letters,
        players=len(oracle.players),
        lag=sum(ends[p] - stored[p] for p in ends),
        offsets=stored,
        seconds=round(time.monotonic() - began, 3),
    )


def compare(oracle: Oracle, state: State) -> Iterator[Difference]:
    """Every difference between the oracle and Redis, but those of the other boards."""
    known = oracle.players.keys() | state.players.keys() | state.board.keys()
    for player_id in sorted(known):
        expected = oracle.players.get(player_id)
        yield from _compare_player(player_id, expected, state)
    recent = [dict(zip(_ENTRY, a, strict=True)) for a in oracle.recent()]
    got = [json.loads(a) for a in state.achievements]
    if got != recent:
        place = next((i for i, (a, b) in enumerate(zip(recent, got, strict=False)) if a != b), -1)
        where = "achievements:recent" + (f"[{place}]" if place >= 0 else " (length)")
        yield Difference(
            where,
            recent[place] if place >= 0 else len(recent),
            got[place] if place >= 0 else len(got),
        )
    for where, expected_counts, got_counts in (
        ("achievements:counts", oracle.unlocked, state.unlocked),
        ("processed:counts", _outcomes(oracle), state.counts),
    ):
        for name in sorted(expected_counts.keys() | got_counts.keys()):
            a, b = expected_counts.get(name, 0), got_counts.get(name, 0)
            if a != b:
                yield Difference(f"{where} {name}", a, b)


def _outcomes(oracle: Oracle) -> dict[str, int]:
    return {
        "applied": oracle.applied,
        "duplicates": oracle.duplicates,
        "dead_letters": oracle.dead_letters,
    }


def _compare_player(player_id: str, expected: Player | None, state: State) -> Iterator[Difference]:
    key = f"player:stats:{player_id}"
    shown = None if expected is None or player_id in state.hidden else expected.score
    score = state.board.get(player_id)
    if score != shown:
        yield Difference(f"leaderboard:global {player_id}", shown, score)
    if expected is None:
        if player_id in state.players:
            yield Difference(key, None, state.players[player_id])
        return
    stats = dict(state.players.get(player_id, {}))
    name = stats.pop("player_name", None)
    if name not in expected.names.values():
        yield Difference(f"{key} player_name", sorted(expected.names.values()), name)
    fields = {
        "total_score": str(expected.score),
        "events_count": str(expected.events),
        "games_joined": str(expected.joins),
        "last_active": expected.last_active,
        **{f"action:{a}": str(n) for a, n in expected.actions.items()},
    }
    for field in sorted(fields.keys() | stats.keys()):
        if fields.get(field) != stats.get(field):
            yield Difference(f"{key} {field}", fields.get(field), stats.get(field))


def _explain(
    differences: list[Difference],
    kafka: str,
    topic: str,
    stored: dict[int, int],
    knowledge: Knowledge,
) -> list[Difference]:
    """Name, for each wrong score, the first record of that player worth just the difference."""
    wanted: dict[str, tuple[float, str]] = {}
    for d in differences:
        board, _, player_id = d.where.partition(" ")
        if board == "leaderboard:global":
            delta = (d.got or 0) - (d.expected or 0)  # Redis may hold an infinite one
            wanted[player_id] = (abs(delta), "counted twice" if delta > 0 else "not counted")
    found: dict[str, str] = {}
    for record in read_log(kafka, topic, end=stored) if wanted else ():
        schema_text = knowledge.schema_text(record.partition, record.offset)
        event = read(record.value, record.headers, schema_text)
        player_id = event.get("player_id", "") if event else ""
        points, how = wanted.get(player_id, (-1, ""))
        if event and player_id not in found and event.get("points") == points:
            place = f"{record.topic}[{record.partition}]@{record.offset}"
            found[player_id] = f"{place} (id {event['event_id']}, {event['points']} points) {how}"
    return [
        Difference(d.where, d.expected, d.got, found.get(d.where.partition(" ")[2], ""))
        for d in differences
    ]


def _standstill(redis: Redis, keys: Keys, topic: str, partitions: list[int]) -> State:
    for _ in range(ATTEMPTS):
        try:
            state = read_state(redis, keys, topic, partitions)
        except ValueError as error:
            raise VerifyError(f"Redis holds what is none of ours: {error}") from error
        if state is not None:
            return state
    raise VerifyError(
        f"Redis changed during each of {ATTEMPTS} readings: stop the processors, or lower the rate"
    )


def bounds(kafka: str, topic: str) -> tuple[dict[int, int], dict[int, int]]:
    """First and end offset per partition.

    Raises
    ------
    VerifyError
        when there is no such topic.
    ServersError
        when Kafka is away.
    """
    try:
        consumer = KafkaConsumer(**client(kafka), group_id=None, enable_auto_commit=False)
        with consumer:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers:
                raise VerifyError(f"Kafka at {kafka} has no topic {topic}: nothing to compare")
            parts = [TopicPartition(topic, p) for p in sorted(numbers)]
            begins, ends = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
            return (
                {tp.partition: o for tp, o in begins.items()},
                {tp.partition: o for tp, o in ends.items()},
            )
    except KafkaError as error:
        raise ServersError(f"no Kafka answers at {kafka}: {error}") from error
