"""Changes on their way to Redis, and what became of them."""

from collections.abc import Sequence

from msgspec import Struct

from leaderboard.errors import BoardsChangedError, StoreError
from leaderboard.model.fold import Changes
from leaderboard.store.scripts import Call, Sent
from leaderboard.store.stored import number


class Outcome(Struct, frozen=True):
    """What `apply` said: applied, or why nothing was changed.

    Either some of the ids were counted before (`repeated`), or the changes start elsewhere than at
    the `stored` offset (None: nothing stored).
    """

    applied: bool
    stored: int | None = None
    repeated: bool = False


class Prepared(Struct, frozen=True):
    """(partition, changes) ready to be sent, by what the writer knew of Redis when it made them."""

    changes: Sequence[tuple[int, Changes]]
    knows: str
    calls: Sequence[Call]
    known: tuple[str | None, int | None]


class Applying:
    """Changes on their way to Redis. Ask for the outcomes once, or abandon them."""

    def __init__(self, sent: Sent | None, boards: int, offsets: str) -> None:
        self._sent = sent
        self._boards = boards
        self._offsets = offsets

    def outcomes(self) -> list[Outcome]:
        """Wait for what became of the changes, in their order.

        Raises
        ------
        StoreError
            when Redis fails; then any number of the calls may have been applied, each wholly.
            Read `Writer.offsets` again to know. So, too, when a rebuild has put other counts in
            place.
        RefusedError
            when Redis will never take them; that call has changed nothing.
        BoardsChangedError
            when Redis holds counts of other boards; then nothing was changed.
        """
        replies = self._sent.replies() if self._sent else []
        if any(reply[0] == -1 for reply in replies):
            raise other_boards(self._boards)
        if any(reply[0] == -2 for reply in replies):
            raise counted_anew()
        return [_outcome(self._offsets, *reply) for reply in replies]

    def abandon(self) -> None:
        """Give up waiting for the outcomes."""
        if self._sent:
            self._sent.abandon()


def _outcome(offsets: str, code: int, offset: bytes | None = None) -> Outcome:
    if code == 1:
        return Outcome(True)
    if code == 2:
        return Outcome(False, repeated=True)
    return Outcome(False, None if offset is None else number(offsets, offset))


def other_boards(declared: int) -> BoardsChangedError:
    """The error of a Redis whose counts are not those of the `declared` boards."""
    return BoardsChangedError(
        f"Redis holds counts of other boards than the {declared} declared now: "
        "nothing was changed. To count the log anew for them: `leaderboard rebuild`; if that was "
        "done, start this program again with the boards file it was done with"
    )


def counted_anew() -> StoreError:
    """The error of a Redis whose counts are those of a rebuild since."""
    return StoreError("a rebuild has put other counts in place: asking Redis where to go on")
