"""Who takes part in the throughput part, in which table, and who can not and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks import checks
from benchmarks.contest import Contestant
from benchmarks.environments import (
    AIOKAFKA,
    BYTEWAX,
    CONFLUENT,
    FAUST,
    QUIXSTREAMS,
    MissingError,
    Peer,
    python_of,
)
from leaderboard.settings import PREFIX, Settings

OURS: Final = "benchmarks.contestants.ours"
ONE_BOARD: Final = {f"{PREFIX}BOARDS_FILE": str(Path(__file__).with_name("one_board.toml"))}
CLIENT: Final = "kafka_client"
"""The setting that chooses the Kafka client, where there is one."""

NAIVE: Final = Contestant(
    "naive, nine round trips", "redis", "benchmarks.contestants.naive", checks.plain, "small"
)
PIPELINE: Final = Contestant(
    "one MULTI per 500", "redis", "benchmarks.contestants.pipelined", checks.plain, "medium"
)
ONE: Final = Contestant("ours", "redis", OURS, checks.one_board, environment=ONE_BOARD)
NINE: Final = Contestant("ours, nine boards", "redis", OURS, checks.nine_boards)
JSON: Final = Contestant(
    "kafka-python, json",
    "memory",
    "benchmarks.contestants.memory",
    checks.sums,
    options={"decode": "json"},
)
TYPED: Final = Contestant(
    "kafka-python, msgspec",
    "memory",
    "benchmarks.contestants.memory",
    checks.sums,
    options={"decode": "msgspec"},
)
POLL: Final = Contestant(
    "kafka-python, poll",
    "limits",
    "benchmarks.contestants.polling",
    options={"decode": False},
)
POLL_DECODE: Final = Contestant(
    "kafka-python, poll and typed decode",
    "limits",
    "benchmarks.contestants.polling",
    options={"decode": True},
)

CONFLUENT_ONE: Final = "ours on confluent-kafka"
QUIX_NAME: Final = "quixstreams"
FAUST_NAME: Final = "faust-streaming"


class Lineup(Struct):
    """Contestants, and the names of those who can not take part, with the table and the reason."""

    contestants: list[Contestant]
    missing: list[tuple[str, str, str]]


def without_download() -> list[Contestant]:
    """Those that need no packages but ours."""
    return [NAIVE, PIPELINE, ONE, NINE, JSON, TYPED, POLL, POLL_DECODE]


def everyone(report: Callable[[str], None]) -> Lineup:
    """All of them; installs the peers that are not installed yet."""
    lineup = Lineup(without_download(), [])
    for peer, makers in PEERS.items():
        try:
            python = python_of(peer)
        except MissingError as error:
            report(f"{peer.name} takes no part: {error}")
            lineup.missing += [(make.table, make.name, str(error)) for make in makers]
            continue
        lineup.contestants += [_with(make, python) for make in makers]
    _add_ours_on_confluent(lineup, report)
    return lineup


def _with(contestant: Contestant, python: Path) -> Contestant:
    return Contestant(
        contestant.name,
        contestant.table,
        contestant.module,
        contestant.check,
        contestant.size,
        python,
        contestant.options,
    )


def _add_ours_on_confluent(lineup: Lineup, report: Callable[[str], None]) -> None:
    """The same command on the other client, with the package of the peer's environment."""
    pythons = [c.python for c in lineup.contestants if c.module == module_of(CONFLUENT)]
    if CLIENT not in Settings.model_fields:
        why = f"there is no setting {PREFIX}{CLIENT.upper()}"
    elif not pythons:
        why = "confluent-kafka is missing"
    else:
        packages = [str(p) for p in pythons[0].parents[1].glob("lib/python*/site-packages")]
        client = {f"{PREFIX}{CLIENT.upper()}": "confluent"}
        for name, like in ((CONFLUENT_ONE, ONE), (f"{CONFLUENT_ONE}, nine boards", NINE)):
            lineup.contestants.append(
                Contestant(
                    name,
                    "redis",
                    OURS,
                    like.check,
                    options={"packages": packages},
                    environment=like.environment | client,
                )
            )
        return
    report(f"{CONFLUENT_ONE} takes no part: {why}")
    lineup.missing.append(("redis", CONFLUENT_ONE, why))


def module_of(peer: Peer) -> str:
    """What `python -m` runs in the peer's environment."""
    return f"benchmarks.peers.{peer.name}"


def _peer(peer: Peer, name: str, decode: str = "", size: str = "large") -> Contestant:
    table, check = ("limits", checks.nothing) if decode == "bare" else ("memory", checks.sums)
    return Contestant(name, table, module_of(peer), check, size, options={"decode": decode})


PEERS: Final = {
    CONFLUENT: (
        _peer(CONFLUENT, "confluent-kafka, consume", "bare"),
        _peer(CONFLUENT, "confluent-kafka, json", "json"),
        _peer(CONFLUENT, "confluent-kafka, msgspec", "msgspec"),
    ),
    AIOKAFKA: (_peer(AIOKAFKA, "aiokafka, msgspec"),),
    QUIXSTREAMS: (_peer(QUIXSTREAMS, QUIX_NAME),),
    BYTEWAX: (_peer(BYTEWAX, "bytewax, msgspec"),),
    FAUST: (_peer(FAUST, FAUST_NAME, size="medium"),),
}
