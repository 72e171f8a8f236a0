"""Compare what Redis holds of the boards with what the oracle expects, key by key."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from leaderboard.model.fold import utc_text
from leaderboard.model.oracle import Oracle
from leaderboard.model.oracle_boards import BoardsOracle, is_defined, key_id, score_of
from leaderboard.model.windows import instant_us
from leaderboard.store.state import State

DIGITS = 18
"""Of the time before a player id, where the first to reach a score leads."""
_OF_AN_ID = ("leaderboard:", "board:hidden:", "board:state:", "board:distinct:")


class Expected(Struct):
    """The keys of the boards with their content, and what need not be so.

    Both sets hold keys, and entries as "key entry" (or "key *player", whatever time stands before
    the player): `vague` ones may differ, `expired` ones may be gone.
    """

    keys: dict[str, dict[str, Any]]
    vague: set[str]
    expired: set[str]

    def add(self, key: str, entry: str, value: Any) -> None:
        self.keys.setdefault(key, {})[entry] = value


def board_differences(
    oracle: Oracle, state: State, topic: str, partitions: list[int]
) -> Iterator[tuple[str, Any, Any]]:
    """(where, expected, got) of everything that differs in the boards other than the global one.

    Final windows beyond those a board keeps may be there or not. Players whose events lie in
    several partitions are left out where only an order between these would tell their score.
    """
    expected = Expected({}, set(), set())
    _boards(expected, oracle.boards, state.hidden)
    _expired(expected, oracle.boards, partitions)
    _matches(expected, oracle)
    for partition, at in oracle.boards.watermarks.items():
        expected.add("processed:watermarks", f"{topic}:{partition}", _instant(at))
    for player_id in state.hidden & oracle.players.keys():
        expected.add("board:hidden:global", player_id, float(oracle.players[player_id].score))
    for name, n in oracle.boards.counts.items():
        if n:
            expected.add("boards:counts", name, str(n))
    for key in sorted(expected.keys.keys() | state.of_boards.keys()):
        wanted, got = expected.keys.get(key, {}), state.of_boards.get(key, {})
        if not isinstance(got, dict):
            yield key, wanted, got
        elif key not in (expected.vague if got else expected.vague | expected.expired):
            yield from _entries(expected, key, wanted, got)


def _entries(
    expected: Expected, key: str, wanted: dict[str, Any], got: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for entry in sorted(wanted.keys() | got.keys()):
        where, a, b = f"{key} {entry}", wanted.get(entry), got.get(entry)
        is_vague = not expected.vague.isdisjoint((where, f"{key} *{entry[DIGITS:]}"))
        if a != b and not is_vague and not (b is None and where in expected.expired):
            yield where, a, b


def _boards(expected: Expected, boards: BoardsOracle, hidden: frozenset[str]) -> None:
    for place, id_, lines in boards.panes():
        board = boards.boards[place[0]]
        for player, line in lines.items():
            score, reached, state = score_of(board, line)
            member = reached + player if board.tie_break == "first" else player
            shown = player not in hidden
            keys = {
                ("leaderboard:" if shown else "board:hidden:") + id_: (member, score),
                f"board:state:{id_}": (player, state or None),
            }
            if board.ranks == "dense" and shown and score is not None:
                keys[f"board:distinct:{id_}"] = (_number(score), score)
            for key, (entry, value) in keys.items():
                if value is not None:
                    expected.add(key, entry, value)
                if not is_defined(board, line):
                    expected.vague |= {f"{key} {entry}", f"{key} *{player}"}
            if not is_defined(board, line):
                expected.vague.add(f"board:distinct:{id_}")
        if board.window == "session":
            expected.vague.add(f"board:state:{id_}")  # sessions that can not grow any more may go
    for place in boards.lines:
        name, label, game = place
        if label:
            expected.add(f"board:windows:{name}", label, float(boards.ends[place] // 1_000_000))
        if game:
            expected.add(":".join(filter(None, ("board:games", name, label))), game, True)
        if place in boards.had_late:
            expected.add("board:split", key_id(place), True)


def _expired(expected: Expected, boards: BoardsOracle, partitions: list[int]) -> None:
    """Note all keys and entries of windows that may be gone."""
    for place in boards.expired(partitions):
        name, label, _ = place
        expected.expired |= {
            f"board:windows:{name} {label}", f"board:games:{name}:{label}",
            f"board:split {key_id(place)}",
        }  # fmt: skip
        for id_ in (key_id(place), f"on_time:{key_id(place)}"):
            expected.expired |= {kind + id_ for kind in _OF_AN_ID}


def _matches(expected: Expected, oracle: Oracle) -> None:
    for player_id, player in oracle.players.items():
        key = f"player:matches:{player_id}"
        for entry, numbers in player.match_numbers().items():
            expected.add(key, entry, numbers)
        if not player.is_ordered:
            expected.vague.add(key)


def _number(score: float) -> str:
    return f"{score:.0f}" if score == int(score) else f"{score:.17g}"


def _instant(at: int) -> str:
    return utc_text(instant_us(at))
