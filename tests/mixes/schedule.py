"""Which faults come when: values, and a function of the seed alone. Injects nothing."""

from random import Random

from msgspec import Struct

from tests.pipeline.flow import Weather

PLACES = ("polled", "before_apply", "sent", "after_apply", "batch_done", "anywhere")
LINKS = ("redis", "kafka")
ON_LINKS = ("latency", "slow", "half-open", "resets", "refused", "lost replies")
KINDS = {
    "member": ("kill", "freeze", "term", "members"),
    "redis": ("redis killed", "file cut", "older copy", "flushall", "script flush",
              "out of memory", "clients cut"),
    "kafka": ("broker killed", "broker restarted"),
    **{f"link to {to}": tuple(f"{what}: {to}" for what in ON_LINKS) for to in LINKS},
    "load": ("sent again", "bad records", "other times", "hot player"),
}  # fmt: skip
"""Kinds of faults by what they are done to; of a step's faults each is done to another thing."""


class Fault(Struct, frozen=True):
    """`kind` begins `after_s` into its step and lasts `for_s` (0: a moment); `place` is where in
    its batch a member is hit. `amount` by kind: members: how many; file cut: the share kept;
    older copy: how many steps old; latency: seconds each way; slow: bytes/s; lost replies: how
    many.
    """

    kind: str
    after_s: float = 0.0
    for_s: float = 0.0
    place: str = ""
    amount: float = 0.0

    def __str__(self) -> str:
        text = f"+{self.after_s} s {self.kind}"
        text += f" at {self.place}" if self.place else ""
        text += f" ({self.amount:g})" if self.amount else ""
        return text + (f" for {self.for_s} s" if self.for_s else "")


class Schedule(Struct, frozen=True):
    """What a seed stands for. Each step's faults overlap; the next step waits for recovery."""

    seed: int
    members: int
    partitions: int
    rate: int
    idle_after_s: int
    weather: Weather
    steps: tuple[tuple[Fault, ...], ...]

    def __str__(self) -> str:
        head = (
            f"seed {self.seed}: {self.members} members, {self.partitions} partitions, "
            f"{self.rate} events/s, hot player {self.weather.hot:.0%}, "
            f"idle after {self.idle_after_s} s"
        )
        lines = (f"{n:2}. {'; '.join(map(str, step))}" for n, step in enumerate(self.steps, 1))
        return "\n".join((head, *lines))


def schedule(seed: int, steps: int = 8) -> Schedule:
    """The schedule of `seed`; a shorter one has the first steps of a longer one."""
    random = Random(seed)
    return Schedule(
        seed=seed,
        members=random.randint(1, 3),
        partitions=random.choice((1, 3, 4)),
        rate=random.choice((100, 300, 600)),
        idle_after_s=random.choice((0, 0, 1)),
        weather=Weather(again=0.05, bad=0.01, hot=random.choice((0.0, 0.0, 0.9)), off=0.02),
        steps=tuple(_step(random) for _ in range(steps)),
    )


def _step(random: Random) -> tuple[Fault, ...]:
    """One fault in two steps of three: its recovery is its own."""
    at_once = random.choice((1, 1, 1, 1, 2, 3))
    pairs = [(on, kind) for on, kinds in KINDS.items() for kind in kinds]
    random.shuffle(pairs)
    chosen: dict[str, str] = {}
    for on, kind in pairs:
        chosen.setdefault(on, kind)
    kinds = list(chosen.values())[:at_once]
    return tuple(_fault(random, kind, last=n > 0) for n, kind in enumerate(kinds))


def _fault(random: Random, kind: str, last: bool) -> Fault:
    shape = _SHAPES.get(kind.partition(":")[0], {})
    fields = {name: choose(random) for name, choose in shape.items()}
    return Fault(kind, round(random.uniform(0, 1.5), 1) if last else 0.0, **fields)


def _between(low: float, high: float, digits: int = 1) -> object:
    return lambda random: round(random.uniform(low, high), digits)


def _one_of(*values: object) -> object:
    return lambda random: random.choice(values)


_SHAPES = {
    "kill": {"place": _one_of(*PLACES)},
    # the session ends after 3 s: some sleepers keep their partitions, some wake up as zombies
    "freeze": {"place": _one_of(*PLACES), "for_s": _between(0.5, 6)},
    "members": {"amount": _one_of(1, 2, 4)},
    "redis killed": {"for_s": _between(0, 2)},
    "file cut": {"amount": _between(0, 1, 3)},
    "older copy": {"amount": _one_of(1, 2, 3)},
    "out of memory": {"for_s": _between(0.5, 3)},
    "broker killed": {"for_s": _between(0, 2)},
    "latency": {"amount": _between(0.05, 0.25, 2), "for_s": _between(1, 4)},
    "slow": {"amount": _one_of(20_000, 50_000, 200_000), "for_s": _between(1, 4)},
    "half-open": {"for_s": _between(0.5, 4)},
    "refused": {"for_s": _between(0.5, 3)},
    "lost replies": {"amount": _one_of(1, 2, 5)},
    **{kind: {"for_s": _between(1, 3)} for kind in KINDS["load"]},
}
