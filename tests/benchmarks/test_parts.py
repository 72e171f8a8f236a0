"""The other parts in their short form: each works and reports what its tables promise."""

import pytest

from benchmarks import boards, reads
from benchmarks.results import Options, find
from benchmarks.targets import BY_NAME

SHORT = Options(rounds=1, short=True, progress=False)


def test_boards_report_one_against_nine() -> None:
    part = boards.run(SHORT)

    rows = part.tables["boards"]
    assert [(row["set"], row["boards"]) for row in rows] == [
        ("uniform", 1), ("uniform", 9), ("zipf", 1), ("zipf", 9),
    ]  # fmt: skip
    worst = max(boards.total(rows[i + 1]) / boards.total(rows[i]) for i in (0, 2))
    assert part.ratios == {"nine boards/one": pytest.approx(worst, rel=0.01)}
    assert part.ratios.keys() <= BY_NAME.keys()


def test_reads_report_every_read_with_its_server_time() -> None:
    part = reads.run(SHORT)

    rows = part.tables["reads"]
    assert len(rows) == 18
    assert all(row["us_low"] <= row["us"] <= row["us_high"] for row in rows)
    assert find(rows, read="10 around a player")["server_us"] > 0
