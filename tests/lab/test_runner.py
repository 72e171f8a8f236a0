"""Headless runs on real servers: green is green, and every red is red."""

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
import pytest
from kafka.admin import KafkaAdminClient

from leaderboard.lab import report
from leaderboard.lab.parameters import ParametersError
from leaderboard.lab.runner import Outcome, Runner, find
from leaderboard.settings import Settings
from tests.waiting import until

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
Run = Callable[..., Outcome]


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Run:
    def run(name: str, timeout_s: float = 60, **values: object) -> Outcome:
        runner = Runner(
            settings.with_(data_dir=tmp_path / "data"),
            tmp_path / "out",
            timeout_s=timeout_s,
            progress=False,
        )
        return runner.run(NOTEBOOKS / f"{name}.ipynb", values)

    return run


def outputs(outcome: Outcome) -> str:
    cells = nbformat.read(outcome.path, as_version=4).cells
    return json.dumps([cell.get("outputs", []) for cell in cells])


def test_green_with_parameters_and_an_html_report_that_loads_nothing(run: Run):
    outcome = report.with_page(run("passes", events=12))
    assert outcome.ok
    assert "(12, 2.5" in outputs(outcome)
    page = Path(outcome.report).read_text()
    assert "<script" not in page
    assert 'src="http' not in page
    assert '<link rel="stylesheet"' not in page


def test_a_failing_cell_is_red_and_its_copy_is_kept(run: Run):
    """Trap 4: without this, nobody would know whether green means anything."""
    outcome = run("fails")
    assert "arithmetic is not what it was" in outcome.failures[0]
    assert outcome.path.endswith("fails.failed.ipynb")
    assert "This run failed" in Path(outcome.path).read_text()
    assert "reached" not in outputs(outcome)


def test_a_hanging_cell_is_red_with_a_stack_dump(run: Run):
    """Trap 16: the saved metadata would still say "completed"."""
    outcome = run("hangs", timeout_s=5)
    assert "longer than 5 s" in outcome.failures[0]
    assert Path(outcome.path).exists()
    assert "wait_for_ever" in Path(outcome.stack_dump).read_text()


def test_a_dead_kernel_is_red(run: Run):
    assert "kernel died" in run("dies").failures[0]


def test_a_quantity_off_its_expectation_is_red(run: Run):
    assert run("measures").ok
    outcome = run("measures", speed=12)
    assert "speed = 12 m/s, not as expected" in outcome.failures[0]
    assert [m.name for m in outcome.measures] == ["speed", "mass"]


def test_a_wrong_prediction_is_graded_off_and_is_no_failure(run: Run):
    wrong = run("wrong_prediction", prediction_sent=19)
    assert wrong.failures == []
    assert "off" in outputs(wrong)
    assert "right" in outputs(run("wrong_prediction", prediction_sent=20))
    none = outputs(run("wrong_prediction"))
    assert "missing" in none
    assert "as the second argument" in none


def test_headless_runs_make_no_widgets(run: Run):
    """Trap 12: a saved widget costs megabytes."""
    outcome = run("wrong_prediction", prediction_sent=20)
    notebook = nbformat.read(outcome.path, as_version=4)
    assert "widgets" not in notebook.metadata
    assert "application/vnd.jupyter.widget-view+json" not in outputs(outcome)


def test_a_stage_that_dies_unseen_is_red(run: Run):
    outcome = run("dead_stage")
    assert "signal 9" in outcome.failures[0]
    assert "reached" not in outputs(outcome)


def test_what_a_killed_kernel_leaves_is_swept(
    run: Run, settings: Settings, admin: KafkaAdminClient
):
    """Traps 10 and 11: no child outlives its kernel, no name outlives its run."""
    outcome = run("leaks")
    assert "kernel died" in outcome.failures[0]
    until(lambda: not [p for p in psutil.process_iter(["cmdline", "environ"]) if _ours(p)])
    prefix = settings.topic
    until(lambda: not [name for name in admin.list_topics() if name.startswith(f"{prefix}-run-")])


def _ours(process: psutil.Process) -> bool:
    """Whether it is a stage of a runner's lab, in this test's names."""
    line = " ".join(process.info["cmdline"] or ())
    topic = (process.info["environ"] or {}).get("LEADERBOARD_TOPIC", "")
    return "--control" in line and "-run-" in topic and topic.startswith("t-")


def test_notebooks_are_found_by_number_name_and_path(tmp_path: Path):
    for name in ("00_first", "01_second"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    first, second = (tmp_path / f"{name}.ipynb" for name in ("00_first", "01_second"))
    assert find([], tmp_path) == [first, second]
    assert find(["01", "00_first", "01_second.ipynb"], tmp_path) == [second, first, second]
    assert find([str(first)], tmp_path / "elsewhere") == [first]
    with pytest.raises(ParametersError, match="no notebook '07'; known: 00_first, 01_second"):
        find(["07"], tmp_path)


def test_results_are_json(tmp_path: Path):
    outcomes = [Outcome("00_x", "x.ipynb", 1.5, ["no"], [])]
    rows = json.loads(report.results(outcomes, tmp_path).read_text())
    assert (rows[0]["name"], rows[0]["ok"], rows[0]["failures"]) == ("00_x", False, ["no"])
