"""Every notebook of the course, executed by papermill on real servers; its conventions hold."""

from pathlib import Path

import nbformat
import pytest

from leaderboard.lab.runner import Runner
from leaderboard.settings import Settings, project_root

PATHS = sorted((project_root() / "notebooks").glob("[0-9]*.ipynb"))
by_name = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@by_name
@pytest.mark.timeout(400)
def test_it_passes_under_papermill(settings: Settings, tmp_path: Path, path: Path):
    own = settings.with_(data_dir=tmp_path / "data")
    outcome = Runner(own, tmp_path / "out", progress=False).run(path, {})
    assert outcome.failures == []
    assert outcome.measures


def test_the_benchmarks_are_drawn_from_the_committed_results(settings: Settings, tmp_path: Path):
    own = settings.with_(data_dir=tmp_path / "data")
    path = project_root() / "notebooks/benchmarks.ipynb"
    outcome = Runner(own, tmp_path / "out", progress=False).run(path, {})
    assert outcome.failures == []
    assert {"wrong end states", "ours/naive zipf"} <= {m.name for m in outcome.measures}


@by_name
def test_it_keeps_the_conventions(path: Path):
    cells = nbformat.read(path, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code"]
    text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    assert cells[0].source.startswith(f"# {path.name[:2]} · ")
    assert sum(c.source.startswith("# ") for c in cells if c.cell_type == "markdown") == 1
    for part in (
        "Objective",
        "By hand",
        "Predict",
        "Run",
        "Observe",
        "Explain",
        "Check",
        "Frob",
        "Recap",
    ):
        assert part in text, part
    assert [c.metadata.get("tags") for c in code].count(["parameters"]) == 1
    assert max(len(c.source.splitlines()) for c in code) <= 16
    assert any("lab.close()" in c.source for c in code[-2:])
    for cell in code:
        assert cell.outputs == []
        for banned in ("await ", "time.sleep", "while True", "asyncio.run", "nest_asyncio"):
            assert banned not in cell.source, (banned, cell.source)
