"""Boards united or intersected: a player's scores on them become one.

This is the read that is not logarithmic: O(N) for N players on all these boards, so N is bounded.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from leaderboard.errors import QuestionError
from leaderboard.model.boards import EXACT
from leaderboard.store.board_rows import Score, State, checked, number
from leaderboard.store.places import Place, Source, spot
from leaderboard.store.query import Query, script, text, unpacked

MOST_BOARDS: Final = 10
MOST_MEMBERS: Final = 20_000
"""Players on all boards of a question together."""
REACHED: Final = 18
"""Digits before a player's id where the first to reach a score leads."""

How: TypeAlias = Literal["union", "intersection"]
Aggregate: TypeAlias = Literal["sum", "min", "max"]
AGGREGATES: Final[dict[str, Callable[[Sequence[Score]], Score]]] = {
    "sum": sum, "min": min, "max": max,
}  # fmt: skip
_COMBINE = script("ranking", "combine")
_NAMES = """#!lua flags=no-writes
local names = {}
for i, id in ipairs(ARGV) do
  names[i] = redis.call('HGET', KEYS[1] .. id, 'player_name') or id
end
return names
"""


class Combined(Struct, frozen=True):
    """A line: ranks are ordinal or competition, equals stand by player id, a to z."""

    rank: int
    player_id: str
    score: Score


class Combination(Struct, frozen=True):
    """All lines, best first, and the boards they come from with the states of their windows."""

    places: list[tuple[Place, State | None]]
    rows: list[Combined]


def combined(
    source: Source,
    places: Sequence[Place],
    how: str = "union",
    aggregate: str = "sum",
    policy: str = "ordinal",
) -> Query[Combination]:
    """Players of all `places` (union) or those on every one (intersection), best first.

    Without names: `names` tells those of a page.

    Raises
    ------
    QuestionError
        when there are fewer than 2 places or more than `MOST_BOARDS`, when they differ in order,
        for an unknown `how`, `aggregate` or `policy`; by `run`: when they hold more than
        `MOST_MEMBERS` or a sum passes 2^53.
    NotThereError
        by `run`: when nothing was counted for a window or game.
    """
    _check(places, how, aggregate, policy)

    def parse(reply: list[Any]) -> Combination:
        heads, boards = reply
        states = [(p, checked(p, head)) for p, (head, _) in zip(places, heads, strict=True)]
        total = sum(size for _, size in heads)
        if total > MOST_MEMBERS:
            raise QuestionError(
                f"these boards hold {total:,} players: at most {MOST_MEMBERS:,} can be combined"
            )
        scores: dict[str, list[Score]] = {}
        for place, flat in zip(places, boards, strict=True):
            for player_id, score in _lines(place, flat):
                scores.setdefault(player_id, []).append(score)
        least = len(places) if how == "intersection" else 1
        made = [(AGGREGATES[aggregate](s), i) for i, s in scores.items() if len(s) >= least]
        return Combination(states, _ranked(made, places[0].board.order == "desc", policy))

    question = source.question(places=[spot(place) for place in places], most=MOST_MEMBERS)
    return Query(_COMBINE, [], [question], unpacked(parse))


def names(source: Source, players: Sequence[str]) -> Query[dict[str, str]]:
    """The players' names; an id where none is known."""
    return Query(
        _NAMES,
        [source.keys.player_prefix],
        list(players),
        lambda reply: dict(zip(players, map(text, reply), strict=True)),
    )


def _check(places: Sequence[Place], how: str, aggregate: str, policy: str) -> None:
    if not 2 <= len(places) <= MOST_BOARDS:
        raise QuestionError(f"{len(places)} boards: expected 2 to {MOST_BOARDS}")
    if len({place.id for place in places}) < len(places):
        raise QuestionError("a board is named twice: combine different ones")
    if len({place.board.order for place in places}) > 1:
        raise QuestionError("boards in falling and in rising order can not be combined")
    for what, given, known in (
        ("how", how, ("union", "intersection")),
        ("aggregate", aggregate, tuple(AGGREGATES)),
        ("policy", policy, ("ordinal", "competition")),
    ):
        if given not in known:
            raise QuestionError(f"{what} {given!r}: expected one of {', '.join(known)}")


def _lines(place: Place, flat: list[Any]) -> list[tuple[str, Score]]:
    cut = REACHED if place.board.tie_break == "first" else 0
    rate = place.board.is_rate
    return [
        (member[cut:], number(score, is_rate=rate))
        for member, score in zip(flat[::2], flat[1::2], strict=True)
    ]


def _ranked(made: list[tuple[Score, str]], falling: bool, policy: str) -> list[Combined]:
    made.sort(key=lambda line: (-line[0] if falling else line[0], line[1].encode()))
    lines: list[Combined] = []
    for position, (score, player_id) in enumerate(made, 1):
        if score > EXACT:
            raise QuestionError(f"the sum of {player_id} passes 2^53")
        shared = policy == "competition" and lines and lines[-1].score == score
        lines.append(Combined(lines[-1].rank if shared else position, player_id, score))
    return lines
