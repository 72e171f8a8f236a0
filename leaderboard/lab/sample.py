"""One look at the whole pipeline, as a value: what charts, counters and checks are fed with."""

from msgspec import Struct

from leaderboard.store.reader import Row


class Sample(Struct, frozen=True, kw_only=True):
    """The pipeline at one moment.

    Counters run from the start of the topic (`applied`, `duplicates`, `dead_letters`, `end`,
    `stored`, `unlocked`) or of this lab's producer (`sent`). Rates are events per second over the
    last second. `end` is the offset behind the newest record and `stored` the next offset to apply,
    per partition; `owners` the group member that reads each partition; `stages` each stage's state:
    starting, running, paused, stopped, killed or failed.
    """

    t_s: float
    target_rate: float = 0.0
    sent: int = 0
    send_rate: float = 0.0
    applied: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    apply_rate: float = 0.0
    end: dict[int, int] = {}
    stored: dict[int, int] = {}
    owners: dict[int, str] = {}
    total_players: int = 0
    top: list[Row] = []
    unlocked: dict[str, int] = {}
    clients: int = 0
    stages: dict[str, str] = {}

    @property
    def lag(self) -> dict[int, int]:
        """Records not yet applied, per partition."""
        return {p: max(0, end - self.stored.get(p, 0)) for p, end in self.end.items()}

    @property
    def total_lag(self) -> int:
        """Records not yet applied, in all."""
        return sum(self.lag.values())
