"""Measure: `python -m benchmarks [PART ...]`. Nothing else may run beside it.

Exit status 0; 1 when a contestant's end state was wrong; 2 for wrong use or a busy machine.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from benchmarks.machine import BusyError
from benchmarks.parts import PARTS, measure
from benchmarks.report import update
from benchmarks.results import RESULTS, Options, Part

SHORT = Path("build/benchmarks")


def main(arguments: list[str]) -> int:
    """Run the parts named, or all, and fill in the pages; returns the exit status."""
    asked = parser().parse_args(arguments)
    folder = asked.folder or (SHORT if asked.short else RESULTS)
    options = Options(
        rounds=asked.rounds, short=asked.short, soak_s=asked.soak_seconds, folder=folder
    )
    try:
        parts = measure(asked.parts or PARTS, options, anyway=asked.anyway, report=tqdm.write)
    except (BusyError, ValueError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2
    if folder == RESULTS:
        for page in update():
            tqdm.write(f"{page}: new figures")
    wrong = wrong_ones(parts)
    for line in wrong:
        sys.stderr.write(f"bench: wrong end state: {line}\n")
    return 1 if wrong else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parsing = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parsing.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parsing.add_argument("--rounds", type=int, default=5, help="of each measurement")
    parsing.add_argument(
        "--short", action="store_true", help="few events: shows that it works, no figures"
    )
    parsing.add_argument(
        "--anyway", action="store_true", help="measure on a busy machine and mark the results"
    )
    parsing.add_argument("--soak-seconds", type=float, default=600.0, help="length of the soak")
    parsing.add_argument("--folder", type=Path, help="for the results, instead of the usual one")
    return parsing


def wrong_ones(parts: list[Part]) -> list[str]:
    """What the tables say is wrong: rows whose column `wrong` is not empty."""
    return [
        f"{part.name}, {name}: {row.get('contestant', '?')}: {row['wrong']}"
        for part in parts
        for name, rows in part.tables.items()
        for row in rows
        if row.get("wrong")
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
