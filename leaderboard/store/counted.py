"""Which boards Redis holds counts of: readers of others would find nothing and not know why."""

from msgspec import Struct

from leaderboard.errors import BoardsChangedError
from leaderboard.model.boards import definitions
from leaderboard.store.places import Source
from leaderboard.store.query import Query, text

_GET = "return redis.call('GET', KEYS[1])"


class Counted(Struct, frozen=True):
    """That the boards of a source are those that Redis counts, or that it counts none yet."""


def counted(source: Source) -> Query[Counted]:
    """Whether the boards of `source` are counted; O(1).

    Raises
    ------
    BoardsChangedError
        by `run`: when Redis holds counts of other boards.
    """
    declared = definitions(source.boards)

    def parse(reply: bytes | str | None) -> Counted:
        if reply is not None and text(reply) != declared:
            raise BoardsChangedError(
                f"Redis holds counts of other boards than the {len(source.boards)} declared here: "
                "set LEADERBOARD_BOARDS_FILE as the last `leaderboard rebuild` had it and start "
                "this again, or count the log anew for these: `leaderboard rebuild`"
            )
        return Counted()

    return Query(_GET, [source.keys.definitions], [], parse)
