"""Compare what Redis holds of the boards with what the oracle expects, key by key."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from leaderboard.model.fold import utc_text
from leaderboard.model.oracle import Oracle
from leaderboard.model.oracle_boards import BoardsOracle, is_defined, key_id, score_of, sessions
from leaderboard.model.windows import instant_us
from leaderboard.store.state import State

DIGITS = 18
"""Of the time before a player id, where the first to reach a score leads."""
SUMS = 6
"""Of a player's match numbers those before the streaks, which need no order of matches."""
_OF_AN_ID = ("leaderboard:", "board:hidden:", "board:state:", "board:distinct:")


class Expected(Struct):
    """The keys of the boards with their content, and what need not be so.

    `vague` holds keys, and entries as "key entry" (or "key *player", whatever time stands before
    the player), that may differ.
    """

    keys: dict[str, dict[str, Any]]
    vague: set[str]

    def add(self, key: str, entry: str, value: Any) -> None:
        self.keys.setdefault(key, {})[entry] = value


def board_differences(
    oracle: Oracle, state: State, topic: str, partitions: list[int]
) -> Iterator[tuple[str, Any, Any]]:
    """(where, expected, got) of everything that differs in the boards other than the global one.

    Final windows beyond those a board keeps may be there or not. Players whose events lie in
    several partitions are left out where only an order between these would tell their score.
    """
    expected = Expected({}, set())
    _boards(expected, oracle.boards, state.hidden)
    _expired(expected, oracle.boards, state, partitions)
    yield from _matches(expected, oracle, state)
    yield from _sessions(oracle.boards, state, partitions)
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
        elif key not in expected.vague:
            yield from _entries(expected, key, wanted, got)


def _entries(
    expected: Expected, key: str, wanted: dict[str, Any], got: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for entry in sorted(wanted.keys() | got.keys()):
        where, a, b = f"{key} {entry}", wanted.get(entry), got.get(entry)
        is_vague = not expected.vague.isdisjoint((where, f"{key} *{entry[DIGITS:]}"))
        if a != b and not is_vague:
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
            expected.vague.add(f"board:state:{id_}")  # see `_sessions`
    for place in boards.lines:
        name, label, game = place
        if label:
            expected.add(f"board:windows:{name}", label, float(boards.ends[place] // 1_000_000))
        if game:
            expected.add(":".join(filter(None, ("board:games", name, label))), game, True)
        if place in boards.had_late:
            expected.add("board:split", key_id(place), True)


def _expired(expected: Expected, boards: BoardsOracle, state: State, partitions: list[int]) -> None:
    """A window that may be gone is gone wholly or not at all: its label tells."""
    for place in boards.expired(partitions):
        name, label, _ = place
        if label in state.of_boards.get(f"board:windows:{name}", {}):
            continue
        for entry in (f"board:windows:{name} {label}", f"board:split {key_id(place)}"):
            key, _, inner = entry.partition(" ")
            expected.keys.get(key, {}).pop(inner, None)
        expected.keys.pop(f"board:games:{name}:{label}", None)
        for id_ in (key_id(place), f"on_time:{key_id(place)}"):
            for kind in _OF_AN_ID:
                expected.keys.pop(kind + id_, None)


def _matches(expected: Expected, oracle: Oracle, state: State) -> Iterator[tuple[str, Any, Any]]:
    for player_id, player in oracle.players.items():
        key = f"player:matches:{player_id}"
        for entry, numbers in player.match_numbers().items():
            expected.add(key, entry, numbers)
            if not player.is_ordered:  # all but the streaks is known
                expected.vague.add(f"{key} {entry}")
                got = state.of_boards.get(key, {}).get(entry, "")
                if got.split()[:SUMS] != numbers.split()[:SUMS]:
                    yield f"{key} {entry}", numbers, got


def _sessions(
    boards: BoardsOracle, state: State, partitions: list[int]
) -> Iterator[tuple[str, Any, Any]]:
    """Of the sessions behind a score those are stored that may still grow, perhaps others too."""
    for place, lines in boards.lines.items():
        board = boards.boards[place[0]]
        if board.window != "session":
            continue
        key, after = f"board:state:{key_id(place)}", boards.may_grow_after(board, partitions)
        states = state.of_boards.get(key, {})
        for player in states.keys() - lines.keys():
            yield f"{key} {player}", None, states[player]
        for player, line in lines.items():
            found = sessions(line.moments, board.gap_s * 1000)
            best, *numbers = (int(word) for word in states.get(player, "0").split())
            stored = set(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True))
            wanted = {s for s in found if s[1] > after}
            if best != max(s[2] for s in found) or not wanted <= stored <= set(found):
                yield f"{key} {player}", found, states.get(player)


def _number(score: float) -> str:
    return f"{score:.0f}" if score == int(score) else f"{score:.17g}"


def _instant(at: int) -> str:
    return utc_text(instant_us(at))
