"""The pages show what was measured, and say so where nothing or a wrong thing was."""

import doctest
import math
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import charts, report
from benchmarks.results import Part, read_all, write
from benchmarks.targets import TARGETS
from leaderboard.settings import project_root

CONDITIONS = {
    "date": "2026-11-25T10:00:00+00:00", "cores": 2, "cpu": "Some CPU", "memory_gib": 23.5,
    "kernel": "6.1", "python": "3.11.7", "kafka": "4.3.1", "valkey": "9.1.2", "rounds": 5,
    "short": False, "quiet": True, "busy_cores": 0.02,
}  # fmt: skip
ROWS = [
    {"who": "ours", "set": "zipf", "us": 2.5, "us_low": 2.0, "us_high": 30000.0, "wrong": ""},
    {"who": "other", "set": "uniform", "us": 9.0, "us_low": 9.0, "us_high": 9.0, "wrong": "lost 3"},
    {"who": "absent", "missing": "no release"},
]
PAGE = "before\n<!-- bench: {what} -->\nold\n<!-- /bench -->\nafter\n"


@pytest.fixture
def part() -> Part:
    return Part("throughput", {"ours/faust": 5.0}, {"t": ROWS}, CONDITIONS)


def test_examples() -> None:
    result = doctest.testmod(report)
    assert result.attempted > 0
    assert result.failed == 0


def test_a_table_shows_medians_spreads_wrong_ones_and_who_is_absent(part: Part) -> None:
    text = report.block("throughput t | who us wrong", {"throughput": part})

    assert text.splitlines() == [
        "| who | µs | end state |",
        "|---|---|---|",
        "| ours | 2.5 (2 to 30,000) | right |",
        "| other | 9 (9 to 9) | **lost 3** |",
        "| absent |  | no release |",
    ]


def test_a_table_of_chosen_rows(part: Part) -> None:
    text = report.block("throughput t | who us | set=uniform", {"throughput": part})

    assert text.splitlines()[2:] == ["| other | 9 (9 to 9) |", "| absent | no release |"]


def test_what_was_never_measured_is_said(part: Part) -> None:
    assert report.block("scale players | us", {"throughput": part}) == report.NOT_YET


def test_ratios_stand_beside_their_targets(part: Part) -> None:
    lines = report.block("ratios", {"throughput": part}).splitlines()

    assert len(lines) == 2 + len(TARGETS)
    (faust,) = (line for line in lines if "faust" in line)
    assert faust == (
        "| ours with Redis / faust without Redis | 5 | >= 6 | no | `make bench PARTS=throughput` |"
    )
    assert "not measured yet" in lines[2]


@pytest.mark.parametrize("change", [{"quiet": False}, {"short": True}])
def test_figures_of_a_busy_machine_are_marked(part: Part, change: dict[str, object]) -> None:
    of_no_ratio = {"throughput": Part("throughput", conditions=CONDITIONS | change)}
    busy = {"throughput": Part("throughput", {"ours/faust": 5.0}, conditions=CONDITIONS | change)}

    assert report.block("ratios", busy).startswith(report.BUSY)
    assert not report.block("ratios", of_no_ratio).startswith(report.BUSY)
    assert "**" in report.block("conditions", busy)
    assert "**" not in report.block("conditions", {"throughput": part})


def test_pages_are_filled_once_and_found_stale(part: Part, tmp_path: Path) -> None:
    results, root = tmp_path / "results", tmp_path / "root"
    write(part, results)
    (root / "docs").mkdir(parents=True)
    (root / "README.md").write_text(PAGE.format(what="throughput t | who us"))
    for name in ("docs/benchmarks.md", "docs/faults.md"):
        (root / name).write_text("no figures here\n")

    assert report.update(write=False, root=root, results=results) == ["README.md"]
    assert report.update(root=root, results=results) == ["README.md"]
    assert report.update(root=root, results=results) == []
    text = (root / "README.md").read_text()
    assert text.startswith("before\n<!-- bench: throughput t | who us -->\n| who | µs |")
    assert text.endswith("| absent | no release |\n<!-- /bench -->\nafter\n")


def test_the_committed_pages_are_fresh() -> None:
    assert report.update(write=False) == []


STACK = pd.DataFrame(
    [
        {"layer": layer, "us": us, "limit_us": 1.0, "limit": "least"}
        for layer, us in (("poll", 7.0), ("redis", 8.0))
    ]
)
RATES = pd.DataFrame(
    [
        {"contestant": name, "events_per_s": rate, "events_per_s_low": rate - 1,
         "events_per_s_high": rate + 1, "client_us": 5.0, "broker_us": 1.0, "redis_us": us,
         "wrong": wrong, "processors": n, "partitions": 4, "players": 10**n, "batch": n,
         "p99_ms": 9.0, "redis_ms_p50": 2.0, "redis_ms_p99": 7.0 * n, "websocket_ms_p50": 90.0,
         "websocket_ms_p99": 300.0}
        for n, (name, rate, us, wrong) in enumerate(
            (("naive", 100.0, 9.0, ""), ("ours", 9_000.0, 3.0, ""), ("bad", 1e6, 2.0, "lost")), 1
        )
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("chart", "df", "title"),
    [
        (charts.layers, STACK, "Of 15 µs an event, redis takes most"),
        (lambda df: charts.rates(df, "All"), RATES, "All: ours is 90 times as fast as naive"),
        (charts.costs, RATES, "bad costs least: 8 µs an event"),
        (charts.growth, RATES, "100 times the players cost 0.5 times as much an event"),
        (charts.processors, RATES, "Fastest: 3 processors on 4 partitions, 1,000,000 events/s"),
        (charts.latency, RATES, "At 1,000,000 events/s 99 % are in Redis within 21 ms"),
        (charts.pareto, RATES, "Batches of 3 drain 10,000 times as fast as those of 1"),
    ],
)
def test_charts_state_the_finding_and_take_nothing(chart, df: pd.DataFrame, title: str) -> None:  # type: ignore[no-untyped-def]  # any chart
    assert chart(df).layout.title.text == title
    assert "no data yet" in chart(df.iloc[:0]).layout.annotations[0].text


def test_a_wrong_contestant_is_called_wrong_in_the_chart() -> None:
    (bars,) = charts.rates(RATES, "All").data

    assert [name for name in bars.y if "WRONG: lost" in name] == ["bad<br>WRONG: lost"]


@pytest.mark.parametrize("chart", [lambda df: charts.rates(df, "All"), charts.costs])
def test_a_contestant_measured_in_two_ways_is_never_drawn_as_one(chart) -> None:  # type: ignore[no-untyped-def]  # any chart
    both = pd.concat([RATES.assign(pinned=True), RATES.iloc[1:2].assign(pinned=False)])

    with pytest.raises(ValueError, match="one row a contestant, got ours twice"):
        chart(both)


def test_a_table_of_a_page_never_mixes_pinned_runs_and_others() -> None:
    parts = {part.name: part for part in read_all()}
    for page in report.PAGES:
        for _, what, _ in report.BLOCK.findall((project_root() / page).read_text()):
            if what in ("ratios", "conditions"):
                continue
            place, _, *rest = (word.strip() for word in what.split("|"))
            part, table = place.split(maxsplit=1)
            ways = {row.get("pinned") for row in parts[part].tables[table]}
            assert len(ways) <= 1 or (rest and "pinned=" in rest[0]), what


def test_an_axis_of_less_than_two_decades_has_more_than_one_tick() -> None:
    near = charts.rates(RATES[RATES["contestant"] == "ours"], "All").layout.xaxis
    far = charts.rates(RATES, "All").layout.xaxis

    assert (near.dtick, far.dtick) == ("D2", 1)
    assert near.range[0] < math.log10(9_000) - 0.3  # the shortest bar holds its label


def test_a_table_to_read_has_spreads_and_reasons_in_its_cells(tmp_path: Path, part: Part) -> None:
    write(part, tmp_path)
    shown = charts.table("throughput", "t", tmp_path)

    assert list(shown.columns) == ["set", "who", "µs", "end state"]
    assert list(shown["µs"]) == ["2.5 (2 to 30,000)", "9 (9 to 9)", ""]
    assert list(shown["end state"]) == ["right", "**lost 3**", "no release"]
    assert charts.table("throughput", "none", tmp_path).empty


def test_a_part_that_was_never_measured_is_an_empty_frame(tmp_path: Path) -> None:
    assert charts.frame("none", "table", tmp_path).empty
