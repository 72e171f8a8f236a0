"""What a processor did, counted: in one step, or in all of them."""

from msgspec import Struct

from leaderboard.model.fold import Changes


class Batch(Struct):
    """What one step did: records polled and their outcomes; `refused` counts refused calls.

    `late` counts applied events that came too late for at least one board.
    """

    records: int = 0
    applied: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    late: int = 0
    refused: int = 0
    seconds: float = 0.0

    def add(self, other: "Batch") -> None:
        """Add another step's numbers."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, changes: Changes) -> None:
        """Add the outcomes of changes that were applied."""
        self.applied += changes.applied
        self.duplicates += changes.duplicates
        self.dead_letters += changes.dead_letters
        self.late += sum(bool(missed.late) for missed in changes.missed.values())
