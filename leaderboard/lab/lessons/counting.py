"""Counting three ways: exactly, by HyperLogLog, and from a sample with its interval.

The HyperLogLog is that of Redis (`PFADD`, `PFCOUNT`: https://redis.io/docs/latest/commands/pfcount/,
Flajolet et al. 2007). Every key made here is deleted again.
"""

from collections.abc import Iterable, Sequence
from math import exp, lgamma, log, log1p
from typing import Final

import numpy as np
import pandas as pd
from redis import Redis

from leaderboard.lab import theme
from leaderboard.lab.drawing import empty_note, figure
from leaderboard.lab.estimate import wilson
from leaderboard.lab.snapshot import Snapshot
from leaderboard.model.events import RARITIES
from leaderboard.model.simulate import RARITY_WEIGHTS

HLL_ERROR: Final = 0.0081
"""Typical relative error (one standard deviation) of a HyperLogLog of 16,384 registers."""
CHUNK: Final = 5_000


def _temporary(prefix: str, name: str) -> str:
    return f"{prefix}lesson:{name}"


def estimate(redis: Redis, key: str, members: Iterable[str]) -> int:
    """How many of `members` are different, by a HyperLogLog that stays at `key`."""
    for some in _chunks(members):
        redis.pfadd(key, *some)
    return int(redis.pfcount(key))


def _chunks(members: Iterable[str]) -> Iterable[list[str]]:
    names = list(members)
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))


def distinct(redis: Redis, prefix: str, unlocked: pd.DataFrame) -> pd.DataFrame:
    """How many different players have unlocked each rarity, exactly and by HyperLogLog.

    Parameters
    ----------
    prefix
        Put before the names of the temporary keys.
    unlocked
        Columns `achievement_rarity` and `player_id`, a row per unlocked achievement.

    Returns
    -------
    Columns `rarity` (from common), `exact`, `estimate`, `error` (a share of `exact`).
    """
    rows = []
    for rarity in RARITIES:
        players = unlocked.loc[unlocked["achievement_rarity"] == rarity, "player_id"]
        key = _temporary(prefix, rarity)
        try:
            rows.append((rarity, players.nunique(), estimate(redis, key, players)))
        finally:
            redis.delete(key)
    return _with_error(pd.DataFrame(rows, columns=["rarity", "exact", "estimate"]))


def weigh(redis: Redis, prefix: str, sizes: Sequence[int]) -> pd.DataFrame:
    """What a set and a HyperLogLog of so many players weigh in Redis, and the latter's error.

    Columns `exact` (players), `estimate`, `error`, `set_kb`, `hll_kb` (1,000 bytes).
    """
    rows = []
    exact, loglog = _temporary(prefix, "set"), _temporary(prefix, "loglog")
    for size in sizes:
        names = [f"player_{n:07d}" for n in range(size)]
        try:
            for some in _chunks(names):
                redis.sadd(exact, *some)
            counted = estimate(redis, loglog, names)
            weights = [int(redis.memory_usage(key) or 0) / 1000 for key in (exact, loglog)]
            rows.append((size, counted, *weights))
        finally:
            redis.delete(exact, loglog)
    return _with_error(pd.DataFrame(rows, columns=["exact", "estimate", "set_kb", "hll_kb"]))


def _with_error(frame: pd.DataFrame) -> pd.DataFrame:
    off = (frame["estimate"] - frame["exact"]) / frame["exact"].clip(lower=1)
    frame.insert(list(frame.columns).index("estimate") + 1, "error", off)
    return frame


def within_hll_error(frame: pd.DataFrame, deviations: float = 3.0) -> bool:
    """Whether every `estimate` is within that many typical errors of `exact`, or off by one."""
    allowed = (deviations * HLL_ERROR * frame["exact"]).clip(lower=1)
    return bool(((frame["estimate"] - frame["exact"]).abs() <= allowed).all())


def samples(rarities: pd.Series, size: int, repeats: int, seed: int) -> pd.DataFrame:
    """Draw `size` of `rarities` with replacement, `repeats` times, and estimate each share.

    Columns `repeat` (from 1), `rarity`, `truth` (its share of all `rarities`), `observed`, `low`,
    `high` (the 95 % interval) and `held` (whether that holds the truth). Same seed, same samples.
    """
    shares = rarities.value_counts(normalize=True).reindex(RARITIES, fill_value=0.0)
    drawn = np.random.default_rng(seed).multinomial(size, shares.to_numpy(), size=repeats)
    rows = []
    for repeat, counts in enumerate(drawn, start=1):
        for rarity, truth, count in zip(RARITIES, shares, counts, strict=True):
            found = wilson(int(count), size)
            rows.append((repeat, rarity, truth, found.observed, found.low, found.high,
                         found.holds(truth)))  # fmt: skip
    columns = ["repeat", "rarity", "truth", "observed", "low", "high", "held"]
    return pd.DataFrame(rows, columns=columns)


def binomial(count: int, trials: int, share: float) -> float:
    """Probability of exactly `count` hits.

    >>> round(binomial(1, 2, 0.5), 9)
    0.5
    """
    if share in (0, 1):
        return float(count == share * trials)
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)  # their logarithm
    return exp(ways + count * log(share) + (trials - count) * log1p(-share))


def expected_coverage(share: float, size: int) -> float:
    """How often the 95 % interval of a sample of `size` holds `share`: near 0.95, not equal.

    A count is a whole number, so the intervals come in steps (Brown, Cai and DasGupta 2001).
    """
    return sum(binomial(k, size, share) for k in range(size + 1) if wilson(k, size).holds(share))


def band(trials: int, share: float, outside: float = 0.001) -> tuple[int, int]:
    """Fewest and most hits in `trials`; beyond either end lies at most half of `outside`."""
    below, low = binomial(0, trials, share), 0
    while below <= outside / 2:
        low += 1
        below += binomial(low, trials, share)
    high = low
    while high < trials and below < 1 - outside / 2:
        high += 1
        below += binomial(high, trials, share)
    return low, high


def coverage(drawn: pd.DataFrame, size: int) -> pd.DataFrame:
    """How many intervals of `samples` held the truth, and how many should.

    Columns `rarity`, `truth`, `held`, `expected`, `low`, `high`: all but 1 in 1,000 such runs lie
    from `low` to `high`.
    """
    rows = []
    for rarity, some in drawn.groupby("rarity", sort=False):
        truth, repeats = some["truth"].iloc[0], len(some)
        chance = expected_coverage(truth, size)
        rows.append((rarity, truth, int(some["held"].sum()), repeats * chance,
                     *band(repeats, chance)))  # fmt: skip
    return pd.DataFrame(rows, columns=["rarity", "truth", "held", "expected", "low", "high"])


def pyramid(unlocked: pd.Series) -> Snapshot:
    """The rarity pyramid: observed shares as centred bars with their 95 % interval, and expected.

    `unlocked` holds how often each rarity was unlocked, by its name; missing ones count 0.
    """
    counts = [int(unlocked.get(rarity, 0)) for rarity in RARITIES]
    total = sum(counts)
    found = [wilson(count, total) for count in counts]
    wanted = [RARITY_WEIGHTS[rarity] for rarity in RARITIES]
    held = sum(f.holds(w) for f, w in zip(found, wanted, strict=True))
    fig = figure(f"{held} of 5 intervals hold the expected share ({total:,} unlocked)")
    places = list(range(len(RARITIES)))
    fig.add_bar(
        x=[100 * f.observed for f in found], base=[-50 * f.observed for f in found], y=places,
        orientation="h", width=0.8, marker={"color": theme.faded(theme.BLUE, 0.55)},
        name="observed", meta="observed",
    )  # fmt: skip
    fig.add_scatter(
        x=[50 * f.observed for f in found], y=places, mode="markers", name="95 % interval",
        marker={"size": 6, "color": theme.BLUE},
        error_x={
            "type": "data", "symmetric": False, "color": theme.BLUE, "thickness": 2, "width": 5,
            "array": [50 * (f.high - f.observed) for f in found],
            "arrayminus": [50 * (f.observed - f.low) for f in found],
        },
        meta="interval",
    )  # fmt: skip
    fig.add_scatter(
        x=[50 * w for w in wanted], y=places, mode="markers", name="expected", meta="expected",
        marker={"symbol": "line-ns", "size": 26, "line": {"width": 3, "color": theme.ORANGE}},
    )  # fmt: skip
    for place, (f, count) in enumerate(zip(found, counts, strict=True)):
        fig.add_annotation(
            x=50 * f.high + 1.5, y=place, showarrow=False, xanchor="left",
            text=f"{100 * f.observed:.1f} %  ({100 * f.low:.1f} to {100 * f.high:.1f}), {count:,}",
        )  # fmt: skip
    fig.update_xaxes(range=[-36, 54], visible=False)
    fig.update_yaxes(tickvals=places, ticktext=list(RARITIES), showgrid=False)
    fig.update_layout(margin={"l": 84, "b": 16}, barmode="overlay")
    return Snapshot(fig if total else empty_note(fig))


def intervals(drawn: pd.DataFrame, rarity: str, first: int = 100) -> Snapshot:
    """The 95 % intervals of the `first` repeats of `samples`, those that miss the truth marked."""
    some = drawn[(drawn["rarity"] == rarity) & (drawn["repeat"] <= first)]
    if not len(some):
        return Snapshot(empty_note(figure("No sample drawn yet")))
    missed = int((~some["held"]).sum())
    fig = figure(f"{len(some) - missed} of {len(some)} intervals hold the true share of {rarity}")
    looks = ((True, "holds the truth", theme.BLUE, "circle"), (False, "misses it", theme.RED, "x"))
    for held, name, colour, symbol in looks:
        part = some[some["held"] == held]
        fig.add_scatter(
            x=part["repeat"], y=100 * part["observed"], mode="markers", name=name, meta=name,
            marker={"size": 5 if held else 9, "color": colour, "symbol": symbol},
            error_y={
                "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 0,
                "array": 100 * (part["high"] - part["observed"]),
                "arrayminus": 100 * (part["observed"] - part["low"]),
            },
        )  # fmt: skip
    fig.add_hline(
        y=100 * some["truth"].iloc[0], line={"color": theme.INK, "width": 2, "dash": "dash"}
    )
    fig.update_xaxes(title="sample", range=[0, len(some) + 1])
    fig.update_yaxes(title=f"share of {rarity} (%)", rangemode="tozero")
    return Snapshot(fig)
