"""Titles that state what a chart shows. Pure: values in, one sentence out, no markup."""

from collections.abc import Mapping, Sequence

from leaderboard.lab.estimate import Share
from leaderboard.lab.ownership import NOBODY, ORPHANED, OWNED, Lane, Span, gaps

KEEPS_UP_S = 1.0
"""Lag worth at most this many seconds of work counts as keeping up."""
STEADY_SHARE = 0.05
"""A lag that changes by less than this share of the rate is steady."""


def plural(count: int, one: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def ranking(rows: Sequence[tuple[str, int]]) -> str:
    """Who leads, and by how much; `rows` are names and scores, best first."""
    if not rows:
        return "Nobody is on the board yet"
    name, score = rows[0]
    if len(rows) == 1:
        return f"{name} is alone on the board with {plural(score, 'point')}"
    rival, next_score = rows[1]
    if score == next_score:
        return f"{name} and {rival} tie at {plural(score, 'point')}"
    return f"{name} leads {rival} by {plural(score - next_score, 'point')}"


def lag_now(lag: int, change_per_s: float, send_rate: float, apply_rate: float) -> str:
    """Whether the processors keep up; rates and change in events per second."""
    waiting = f"{plural(lag, 'event')} wait{'s' if lag == 1 else ''}"
    tolerance = max(1.0, STEADY_SHARE * max(send_rate, apply_rate))
    if lag <= max(5.0, KEEPS_UP_S * apply_rate) and change_per_s <= tolerance:
        return f"The processors keep up: {waiting}"
    if change_per_s > tolerance:
        return f"{waiting}, {change_per_s:,.0f} more each second"
    if change_per_s < -tolerance:
        return f"{waiting}, gone in {max(1.0, -lag / change_per_s):,.0f} s at this pace"
    return f"{waiting}, and the number is steady"


def lag_history(times_s: Sequence[float], lags: Sequence[int]) -> str:
    """When the lag peaked and how it ended; total lag at each time in seconds."""
    if not lags:
        return "No measurements yet"
    peak = max(lags)
    if peak == 0:
        return "The processors kept up: no event ever waited"
    when = times_s[list(lags).index(peak)]
    return f"Lag peaked at {plural(peak, 'event')} after {when:,.0f} s and ended at {lags[-1]:,}"


def rarity(shares: Sequence[Share], expected: Sequence[float], total: int) -> str:
    """How many 95 % intervals hold the expected share, of `total` unlocked achievements."""
    if total == 0:
        return "No achievement unlocked yet"
    held = sum(share.holds(e) for share, e in zip(shares, expected, strict=True))
    which = "All" if held == len(shares) else f"{held} of"
    return f"{which} {len(shares)} intervals hold the expected share (n = {total:,})"


def flow(sent: int, applied: int, lag: int) -> str:
    """Where the events are."""
    if sent + applied + lag == 0:
        return "Nothing has flowed yet"
    return f"{plural(applied, 'event')} applied, {lag:,} on the way"


def assignment_now(lanes: Mapping[Lane, tuple[str, str]]) -> str:
    """Who reads what at one moment; `lanes` as `ownership.lanes` gives them."""
    partitions = {p: what for p, what in lanes.items() if p is not None}
    for partition, (member, state) in partitions.items():
        if state == ORPHANED:
            return f"p{partition} is orphaned: Kafka still waits for {member}, which is dead"
    alone = [f"p{p}" for p, (_, state) in partitions.items() if state == NOBODY]
    if len(alone) == len(partitions):
        return "No partition has an owner yet"
    if alone:
        return f"{', '.join(alone)} without an owner: Kafka is looking for one"
    owners = {member for member, _ in partitions.values()}
    share = "shares" if len(owners) == 1 else "share"
    verb = "idle" if "," in lanes.get(None, ("", ""))[0] else "idles"
    text = f"{plural(len(owners), 'member')} {share} {plural(len(partitions), 'partition')}"
    return f"{text}; {lanes[None][0]} {verb}" if None in lanes else text


def assignment_history(found: Sequence[Span]) -> str:
    """The longest time a partition had no reader, or how often one changed hands."""
    if not any(span.state == OWNED for span in found):
        return "No partition has an owner yet"
    if waits := gaps(found):
        worst = max(waits, key=lambda gap: gap.seconds)
        return (
            f"p{worst.partition} had no reader for {worst.seconds:.1f} s after {worst.member} died"
        )
    partitions = {span.partition for span in found if span.state == OWNED}
    changes = sum(span.state == OWNED for span in found) - len(partitions)
    return f"Partitions changed hands {plural(changes, 'time')}, and none was orphaned"
