"""What a part of the benchmarks found, and the files it is kept in.

Each part is written to `results/<part>.json`; `results/latest.json` merges what is there. Columns
of times and rates are medians over the rounds; `COLUMN_low` and `COLUMN_high` beside one are its
spread, the least and the most of any round.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

RESULTS: Final = Path(__file__).with_name("results")
LATEST: Final = "latest.json"
DIGITS: Final = 4
"""Significant digits that are kept: the spread is wider than any more."""

Row: TypeAlias = dict[str, Any]


class Options(Struct, frozen=True):
    """What a run is asked for.

    `rounds` at least 1; `short` measures little and says nothing about speed: it shows that the
    part works. `folder` takes the results. `progress` shows bars. `soak_s` is how long the soak
    takes.
    """

    rounds: int = 5
    short: bool = False
    progress: bool = True
    soak_s: float = 600.0
    folder: Path = RESULTS


class Part(Struct):
    """What one part found.

    Attributes
    ----------
    ratios
        By name, each name used by one part alone; `targets` says what each means.
    tables
        By name: rows of plain values, columns with their units in their names.
    conditions
        Under which this was measured; `__main__` adds the machine's to what the part says.
    """

    name: str
    ratios: dict[str, float] = {}
    tables: dict[str, list[Row]] = {}
    conditions: dict[str, Any] = {}


def spread(column: str, values: Sequence[float]) -> Row:
    """The columns that tell of `values`, one value a round.

    >>> spread("us", [3.0, 1.0, 2.0])
    {'us': 2.0, 'us_low': 1.0, 'us_high': 3.0}
    """
    found = {
        column: statistics.median(values),
        f"{column}_low": min(values),
        f"{column}_high": max(values),
    }
    return {name: rounded(value) for name, value in found.items()}


def find(rows: Sequence[Row], **wanted: Any) -> Row:
    """The first row with these values.

    Raises
    ------
    LookupError
        when there is none.

    >>> find([{"set": "zipf", "us": 1}, {"set": "uniform", "us": 2}], set="uniform")["us"]
    2
    """
    for row in rows:
        if all(row.get(column) == value for column, value in wanted.items()):
            return row
    raise LookupError(f"no row has {wanted}")


def rounded(value: float) -> float:
    """`value` with as many digits as mean something.

    >>> rounded(12345.678), rounded(0.0123456)
    (12350.0, 0.01235)
    """
    return float(f"{value:.{DIGITS}g}")


def write(part: Part, folder: Path = RESULTS) -> Path:
    """Keep `part`, and merge all parts in `folder` anew; returns the part's file.

    Raises
    ------
    ValueError
        when two parts report a ratio of one name; then nothing is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = [other for other in read_all(folder) if other.name != part.name]
    merged = _merged([*others, part])
    file = folder / f"{part.name}.json"
    file.write_bytes(_text(part))
    (folder / LATEST).write_bytes(_text(merged))
    return file


def read(name: str, folder: Path = RESULTS) -> Part:
    """The part of that name.

    Raises
    ------
    FileNotFoundError
        when it was never measured.
    msgspec.ValidationError
        when the file is none of ours.
    """
    return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=Part)


def read_all(folder: Path = RESULTS) -> list[Part]:
    """Every part in `folder`, by name."""
    files = sorted(folder.glob("*.json")) if folder.exists() else []
    return [read(file.stem, folder) for file in files if file.name != LATEST]


def _merged(parts: list[Part]) -> dict[str, Any]:
    """What `latest.json` holds: ratios of all parts, medians and conditions by part."""
    ratios: dict[str, float] = {}
    for part in sorted(parts, key=lambda part: part.name):
        twice = sorted(ratios.keys() & part.ratios.keys())
        if twice:
            raise ValueError(f"{part.name}: another part reports {', '.join(twice)} too")
        ratios |= part.ratios
    return {
        "ratios": dict(sorted(ratios.items())),
        "medians": {part.name: part.tables for part in parts},
        "conditions": {part.name: part.conditions for part in parts},
    }


def _text(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"
