"""From samples to the tables that charts draw; `charts` documents the columns. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
from msgspec import Struct, structs

from leaderboard.lab.findings import plural
from leaderboard.lab.sample import Sample
from leaderboard.lab.theme import STATE_MARKS

WORST_FIRST = ("failed", "killed", "starting", "paused", "running", "stopped")
"""Of several stages in one box, the state that a reader must not miss."""

_PREFIXES = {"Producer": "producer", "Processors": "processor", "API": "api"}


class FlowRow(Struct, frozen=True):
    """One station on an event's journey: a counter, its unit, more in words, its stages' states.

    `states` counts the stages by state, the most alarming first; empty for a server.
    """

    station: str
    value: int
    unit: str
    detail: str
    states: dict[str, int]


def _states(stages: Mapping[str, str], station: str) -> dict[str, int]:
    prefix = _PREFIXES[station]
    found = Counter(state for name, state in stages.items() if name.startswith(prefix))
    return {state: found[state] for state in WORST_FIRST if found[state]}


def flow_rows(sample: Sample) -> list[FlowRow]:
    """The five stations in the order an event visits them."""
    seen = f"{plural(sample.duplicates, 'duplicate')}, {plural(sample.dead_letters, 'dead letter')}"
    rates = f"target {sample.target_rate:,.3g}/s, measured {sample.send_rate:,.0f}/s"
    applied = f"measured {sample.apply_rate:,.0f}/s"
    partitions = plural(len(sample.end), "partition")

    def row(station: str, value: int, unit: str, detail: str) -> FlowRow:
        states = _states(sample.stages, station) if station in _PREFIXES else {}
        return FlowRow(station, value, unit, detail, states)

    return [
        row("Producer", sample.sent, "events sent", rates),
        row("Kafka", sample.total_lag, "events waiting", partitions),
        row("Processors", sample.applied, "events applied", applied),
        row("Redis", sample.total_players, "players ranked", seen),
        row("API", sample.clients, "clients watching", ""),
    ]


def state_text(states: Mapping[str, int]) -> str:
    """`● running`, or counted when there are several: `✕ 1 killed  ● 2 running`."""
    several = sum(states.values()) > 1
    return "  ".join(
        f"{STATE_MARKS.get(state, '')} {f'{count} ' if several else ''}{state}"
        for state, count in states.items()
    )


def flow_table(sample: Sample) -> pd.DataFrame:
    """What `charts.flow` draws."""
    rows = [
        {
            "station": row.station,
            "value": row.value,
            "unit": row.unit,
            "detail": row.detail,
            "state": next(iter(row.states), ""),
            "states": state_text(row.states),
        }
        for row in flow_rows(sample)
    ]
    return pd.DataFrame(rows)


def moves(sample: Sample, before: Sample | None) -> list[int | None]:
    """Places each listed player gained since `before` (negative: lost; None: was not listed)."""
    if before is None:
        return [0] * len(sample.top)
    ranks = {row.player_id: row.rank for row in before.top}
    return [
        ranks[row.player_id] - row.rank if row.player_id in ranks else None for row in sample.top
    ]


def ranking_table(sample: Sample, before: Sample | None = None) -> pd.DataFrame:
    """What `charts.rankings` draws; places gained are counted from `before`."""
    table = pd.DataFrame(
        [structs.asdict(row) for row in sample.top],
        columns=["rank", "player_id", "player_name", "score"],
    )
    return table.assign(moved=pd.array(moves(sample, before), dtype="Int64"))


def lag_table(samples: Sequence[Sample]) -> pd.DataFrame:
    """What `charts.lag` draws: a row per sample and partition, with the sample's rates."""
    columns = ["t_s", "partition", "lag", "target_rate", "send_rate", "apply_rate"]
    rows = [
        (s.t_s, p, lag, s.target_rate, s.send_rate, s.apply_rate)
        for s in samples
        for p, lag in sorted(s.lag.items())
    ]
    return pd.DataFrame(rows, columns=columns)


def rarity_table(unlocked: Mapping[str, int]) -> pd.DataFrame:
    """What `charts.rarity` draws, from counts per achievement."""
    return pd.DataFrame(
        {"achievement": list(unlocked), "unlocked": list(unlocked.values())},
    ).astype({"achievement": "object", "unlocked": "int64"})
