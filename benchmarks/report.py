"""Fill the figures into the pages that show them: `python -m benchmarks.report [--check]`.

A page marks a place by `<!-- bench: WHAT -->`; what stands between it and `<!-- /bench -->` is
generated from `results/*.json`. WHAT is `ratios`, `conditions`, or a table: `PART TABLE | columns`,
and after one more `|` only the rows with these values, as in `set=zipf pinned=True`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.results import RESULTS, Part, Row, read_all
from benchmarks.targets import TARGETS
from leaderboard.settings import project_root

PAGES: Final = ("README.md", "docs/benchmarks.md", "docs/faults.md")
BLOCK: Final = re.compile(r"(<!-- bench: (.+?) -->\n).*?(<!-- /bench -->)", re.DOTALL)
BUSY: Final = "**Some of these were measured on a busy machine and are not to be quoted.**"
NOT_YET: Final = "(not measured yet)\n"
HEADS: Final = {
    "events_per_s": "events/s",
    "client_us": "client µs",
    "broker_us": "broker µs",
    "redis_us": "Redis µs",
    "server_us": "Redis µs",
    "us": "µs",
    "limit_us": "limit µs",
    "limit": "the limit is",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "wrong": "end state",
    "wait_ms": "fetch wait ms",
    "cpu_us": "server µs",
    "raw_us": "bare write µs",
    "requests_per_s": "requests/s",
    "processor_cpu_percent": "processor, % of a core",
    "message_bytes": "bytes",
    "recovery_s": "recovered after, s",
    "longest_s": "longest, s",
}


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check` only say which are stale. Exit status 1 when some are."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write(f"report: expected --check or nothing, got {arguments}\n")
        return 2
    stale = update(write=not arguments)
    for name in stale if arguments else ():
        sys.stderr.write(f"report: {name} is stale: run `python -m benchmarks.report`\n")
    return 1 if stale and arguments else 0


def update(*, write: bool = True, root: Path | None = None, results: Path = RESULTS) -> list[str]:
    """Bring the pages up to date; returns the names of those that were stale."""
    parts = {part.name: part for part in read_all(results)}
    stale = []
    for name in PAGES:
        page = (root or project_root()) / name
        old = page.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda found: f"{found[1]}{block(found[2], parts)}{found[3]}", old)
        if new != old:
            stale.append(name)
            if write:
                page.write_text(new, encoding="utf-8")
    return stale


def block(what: str, parts: dict[str, Part]) -> str:
    """The text of one place."""
    if what == "ratios":
        return ratios(parts)
    if what == "conditions":
        return conditions(parts)
    place, columns, *rest = (word.strip() for word in what.split("|"))
    part, table = place.split(maxsplit=1)
    rows = parts[part].tables.get(table, []) if part in parts else []
    wanted = dict(pair.split("=") for pair in rest[0].split(", ")) if rest else {}
    chosen = [
        row
        for row in rows
        if "missing" in row or all(str(row.get(k)) == v for k, v in wanted.items())
    ]
    return "".join(lines(columns.split(), chosen)) if chosen else NOT_YET


def ratios(parts: dict[str, Part]) -> str:
    """Every ratio with its target, and the command that measures it again."""
    found = {name: value for part in parts.values() for name, value in part.ratios.items()}
    rows = [
        {
            "ratio": target.what,
            "measured": found.get(target.name, "not measured yet"),
            "target": f"{target.bound} {target.goal:g}" if target.goal is not None else "",
            "reached": REACHED[target.met(found[target.name]) if target.name in found else None],
            "again": f"`make bench PARTS={target.part}`",
        }
        for target in TARGETS
    ]
    busy = any(not quiet_enough(part.conditions) for part in parts.values() if part.ratios)
    return (f"{BUSY}\n\n" if busy else "") + "".join(lines(list(rows[0]), rows))


REACHED: Final = {True: "yes", False: "no", None: ""}


def conditions(parts: dict[str, Part]) -> str:
    """On what each part was measured, one line for each part."""
    return "".join(
        f"- `{name}`: {c['date'][:10]}, {c['cores']} cores of {c['cpu']}, {c['memory_gib']:g} GiB, "
        f"Linux {c['kernel']}, Python {c['python']}, Kafka {c['kafka']}, Valkey {c['valkey']}; "
        f"rounds: {c['rounds']}; {quiet(c)}\n"
        for name, part in sorted(parts.items())
        for c in [part.conditions]
    )


def quiet_enough(found: dict[str, Any]) -> bool:
    """Whether figures of these conditions are worth anything."""
    return bool(found["quiet"]) and not found["short"]


def quiet(found: dict[str, Any]) -> str:
    """The same in words."""
    if found["short"]:
        return "**the short form: no figures**"
    busy = f"others used {found['busy_cores']:.2f} cores"
    return busy if found["quiet"] else f"**{busy}: on a busy machine, not to be quoted**"


def lines(columns: list[str], rows: list[Row]) -> Iterator[str]:
    """A Markdown table. Who took no part has the reason in the last column."""
    yield f"| {' | '.join(HEADS.get(c, c.replace('_', ' ')) for c in columns)} |\n"
    yield f"|{'---|' * len(columns)}\n"
    for row in rows:
        cells = [cell(row, column) for column in columns]
        cells[-1] = row.get("missing", cells[-1])
        yield f"| {' | '.join(cells)} |\n"


def cell(row: Row, column: str) -> str:
    """One value, with its spread; nothing where the row has none."""
    value = row.get(column, "")
    if column == "wrong" and column in row:
        return f"**{value}**" if value else "right"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("|", "/").replace("\n", " ")
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    return number(value) if low is None else f"{number(value)} ({number(low)} to {number(high)})"


def number(value: float | None) -> str:
    """`value` with about three digits.

    >>> number(12345.6), number(3.14159), number(0.0456), number(1000)
    ('12,346', '3.14', '0.046', '1,000')
    """
    if value is None:
        return ""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.2g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
