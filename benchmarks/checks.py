"""Is a contestant's end state right? Compared with the independent count of the oracle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from benchmarks.datasets import Topic
from benchmarks.servers import Servers
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board, definitions
from leaderboard.model.fold import RECENT
from leaderboard.model.oracle_boards import BoardsOracle
from leaderboard.pipeline.verify import compare
from leaderboard.pipeline.verify_boards import board_differences
from leaderboard.store.keys import Keys
from leaderboard.store.state import State, read_state

Found: TypeAlias = Iterator[tuple[str, Any, Any]]


class End(Struct, frozen=True):
    """Where a contestant's end state is: in Redis, or in its file of totals."""

    servers: Servers
    topic: Topic
    totals: Path


Check: TypeAlias = Callable[[End], str]
"""What is wrong, in a line; empty when nothing is."""

NEVER_TOUCHED: Final = {"total_score": "0", "games_joined": "0"}
"""A counter that plain commands had no reason to write counts as 0."""


def nothing(_: End) -> str:
    """A limit has no end state."""
    return ""


def sums(end: End) -> str:
    """The points per player in the file of totals."""
    try:
        got = json.loads(end.totals.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return f"no totals: {error}"
    return said(differing(end.topic.totals, {i: n for i, n in got.items() if n}))


def one_board(end: End) -> str:
    """Everything in Redis, of the global board alone."""
    return everything(end, (GLOBAL,))


def nine_boards(end: End) -> str:
    """Everything in Redis, of all nine boards."""
    return everything(end, DEFAULTS)


def everything(end: End, boards: tuple[Board, ...]) -> str:
    """As `leaderboard verify` compares; the log was counted once for all contestants."""
    topic, state = end.topic, state_of(end)
    alone = BoardsOracle(())
    alone.watermarks = topic.oracle.boards.watermarks
    oracle = topic.oracle if boards == DEFAULTS else replace(topic.oracle, boards=alone)

    def found() -> Found:
        if state.definitions != definitions(boards):
            yield "boards:definitions", definitions(boards), state.definitions
        yield from applied(topic, state)
        yield from ((d.where, d.expected, d.got) for d in compare(oracle, state))
        yield from board_differences(oracle, state, topic.name, list(state.offsets))

    return said(found())


def plain(end: End) -> str:
    """What plain commands wrote, of the global board; of the recent list only how long it is.

    They push it as records come, and partitions come in any order.
    """
    topic, state = end.topic, state_of(end)
    expected = min(RECENT, sum(topic.oracle.unlocked.values()))
    recent = [dict(zip(RECENT_FIELDS, row, strict=True)) for row in topic.oracle.recent()]
    filled = msgspec.structs.replace(
        state,
        players={i: NEVER_TOUCHED | stats for i, stats in state.players.items()},
        counts={"duplicates": 0, "dead_letters": 0, **state.counts},
        achievements=[json.dumps(entry) for entry in recent],
    )

    def found() -> Found:
        if len(state.achievements) != expected:
            yield "achievements:recent (length)", expected, len(state.achievements)
        yield from applied(topic, state)
        yield from ((d.where, d.expected, d.got) for d in compare(topic.oracle, filled))

    return said(found())


RECENT_FIELDS: Final = ("timestamp", "event_id", "player_id", "player", "achievement", "rarity")


def state_of(end: End) -> State:
    """What Redis holds, now that the contestant has ended."""
    state = read_state(end.servers.redis, Keys(), end.topic.name, range(end.topic.partitions))
    if state is None:
        raise AssertionError("Redis changed after the contestant had ended")
    return state


def applied(topic: Topic, state: State) -> Found:
    """Redis must hold the log's end as the next offset."""
    stored = sum(offset or 0 for offset in state.offsets.values())
    if stored != topic.events:
        yield "processed:offsets (sum)", topic.events, stored


def differing(expected: dict[str, int], got: dict[str, Any]) -> Found:
    """Players whose sums are not equal."""
    for player in sorted(expected.keys() | got.keys()):
        if expected.get(player) != got.get(player):
            yield player, expected.get(player), got.get(player)


def said(found: Found) -> str:
    """How many differences, and the first of them."""
    all_ = list(found)
    if not all_:
        return ""
    where, expected, got = all_[0]
    return f"{len(all_)} differences, the first: {where}: expected {expected}, got {got}"
