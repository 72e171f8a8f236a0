"""Play random mixes of faults on servers of their own, and ask the oracle after each.

    make faults                 thirty seeds, about half an hour; the results are kept
    make faults SEEDS=17        one again
    make faults SEEDS="3 40-60"

Needs one or two cores and 1 GB. Exit status 1 when any seed lost an event, counted one twice, or
did not get going again: its schedule is printed, and its servers' and members' logs are kept.
"""

from __future__ import annotations

import logging
import shutil
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from benchmarks.machine import busy_cores, conditions
from benchmarks.report import lines, update
from benchmarks.results import RESULTS, Part, write
from leaderboard.settings import project_root
from tests.mixes.play import SEVERAL, Played, play
from tests.mixes.schedule import KINDS, Fault, schedule

SEEDS = range(1, 31)
STEPS = 8
FOLDER = project_root() / "build" / "faults"
SHOWN = ("fault", "injected", "recovery_s", "longest_s")


def main(words: list[str]) -> int:
    """Play the seeds that `words` name, or all; returns the exit status."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it reports each fault as an error
    found = conditions(busy_cores())
    seeds = seeds_of(words) or list(SEEDS)
    played, failed = play_all(seeds)
    part = part_of(seeds, played, failed, found)
    sys.stdout.write("\n" + "".join(lines([*SHOWN], part.tables["faults"])) + "\n")
    if not words:
        sys.stdout.write(f"written to {write(part, RESULTS)}\n")
        update()
    events = sum(p.applied for p in played.values())
    sys.stdout.write(
        f"{len(played)} of {len(seeds)} seeds: {events:,} events, "
        f"{sum(len(p.recoveries) for p in played.values())} steps of faults, "
        "each event counted exactly once\n"
    )
    for seed in failed:
        sys.stdout.write(f"FAILED: seed {seed}; again: make faults SEEDS={seed}\n")
    return int(bool(failed))


def seeds_of(words: Sequence[str]) -> list[int]:
    """Seeds as a user names them.

    >>> seeds_of(["3", "7-9"])
    [3, 7, 8, 9]
    """
    spans = (word.partition("-") for word in words)
    return [seed for low, _, high in spans for seed in range(int(low), int(high or low) + 1)]


def play_all(seeds: Sequence[int]) -> tuple[dict[int, Played], dict[int, str]]:
    """What came of each seed, and of the others why they failed."""
    played: dict[int, Played] = {}
    failed: dict[int, str] = {}
    with tqdm(total=len(seeds) * STEPS, unit=" steps", desc="faults") as bar:
        for seed in seeds:
            plan, folder = schedule(seed, STEPS), FOLDER / f"seed-{seed}"
            shutil.rmtree(folder, ignore_errors=True)

            def show(step: tuple[Fault, ...], seed: int = seed) -> None:
                bar.set_postfix_str(f"seed {seed}: {', '.join(fault.kind for fault in step)}")
                bar.update()

            try:
                played[seed] = play(plan, folder, show)
                shutil.rmtree(folder)
            except Exception as error:  # noqa: BLE001  # reported, and the other seeds are played
                failed[seed] = f"{type(error).__name__}: {error}"
                tqdm.write(f"\nFAILED, logs in {folder}:\n{plan}\n{failed[seed]}\n")
    return played, failed


def part_of(
    seeds: Sequence[int],
    played: dict[int, Played],
    failed: dict[int, str],
    found: dict[str, Any],
) -> Part:
    """The results, in the form the benchmarks keep theirs in."""
    alone: dict[str, list[float]] = defaultdict(list)
    injected: dict[str, int] = defaultdict(int)
    for recovery in (r for p in played.values() for r in p.recoveries):
        alone[recovery.name].append(recovery.seconds)
        for kind in recovery.kinds:
            injected[kind] += 1
        injected[SEVERAL] += recovery.name == SEVERAL
    faults = [
        {
            "fault": kind,
            "injected": injected[kind],
            "alone": len(alone[kind]),
            **(
                {
                    "recovery_s": round(statistics.median(times), 1),
                    "longest_s": round(max(times), 1),
                }
                if (times := alone[kind])
                else {}
            ),
        }
        for kind in (*(k for kinds in KINDS.values() for k in kinds), SEVERAL)
        if injected[kind]
    ]
    rows = [
        {"seed": seed, "records": p.records, "applied": p.applied, "duplicates": p.duplicates,
         "dead_letters": p.dead_letters, "seconds": p.seconds}
        for seed, p in played.items()
    ]  # fmt: skip
    return Part(
        name="faults",
        tables={
            "faults": faults,
            "seeds": rows,
            "failed": [{"seed": seed, "why": why[:500]} for seed, why in failed.items()],
        },
        conditions={**found, "rounds": len(seeds), "steps": STEPS, "short": False},
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
