"""A board as a list that is sorted and counted: what every read must say."""

from collections.abc import Callable

from msgspec import Struct
from redis import Redis

from leaderboard.store.places import Place, Source
from leaderboard.store.query import Query, T, run


class Line(Struct, frozen=True):
    """A player's score and when it was reached (18 digits)."""

    player_id: str
    score: float
    reached: str = "001000000000000000"


class Plain:
    """Lines in the order of `place`; positions count from 0."""

    def __init__(self, place: Place, lines: list[Line]) -> None:
        self.place = place
        falling, first = place.board.order == "desc", place.board.tie_break == "first"
        self._key: Callable[[Line], object] = lambda line: (
            -line.score if falling else line.score,
            (line.reached if first else "") + line.player_id.encode().decode("latin-1"),
        )
        self.lines = sorted(lines, key=self._key)
        self.ids = [line.player_id for line in self.lines]
        self.scores = [line.score for line in self.lines]

    def rank(self, position: int) -> int:
        """1234, 1224 or 1223, by counting."""
        score = self.scores[position]
        before = [s for s in self.scores[:position] if s != score]
        return {"ordinal": position, "competition": len(before), "dense": len(set(before))}[
            self.place.policy
        ] + 1

    def rows(self, first: int, after: int) -> list[tuple[int, str, float]]:
        """(rank, player, score) of positions `first` to before `after`."""
        there = range(max(0, first), min(after, len(self.ids)))
        return [(self.rank(i), self.ids[i], self.scores[i]) for i in there]

    def fill(self, redis: Redis, source: Source, *, pane: str = "") -> None:
        """Write it to Redis as `parts.lua` leaves a board, as its on-time pane with `on_time:`."""
        keys, place, id_ = source.keys.of_boards, self.place, pane + self.place.id
        for line in self.lines:
            member = line.player_id
            if place.board.tie_break == "first":
                member = line.reached + member
                redis.hset(keys["state"] + id_, line.player_id, line.reached)
            redis.zadd(keys["board"] + id_, {member: line.score})
            redis.hset(source.keys.player(line.player_id), "player_name", line.player_id.upper())
            if place.board.ranks == "dense":
                redis.zadd(keys["distinct"] + id_, {f"{line.score:.17g}": line.score})
        if pane:
            redis.sadd(keys["split"], place.id)
        if place.window:
            redis.zadd(keys["windows"] + place.board.name, {place.label: place.window.end})
        if place.game:
            redis.sadd(keys["games"] + place.id.removesuffix(f":{place.game}"), place.game)


class Asking:
    """A Redis and a source, so that a test asks in a line."""

    def __init__(self, redis: Redis, source: Source) -> None:
        self.redis, self.source = redis, source

    def __call__(self, read: Callable[..., Query[T]], *args: object, **options: object) -> T:
        return run(self.redis, read(self.source, *args, **options))
