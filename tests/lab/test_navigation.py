"""Generated links: made once, replaced in place, stale when something moved."""

from pathlib import Path

import nbformat
import pytest

from leaderboard.errors import NotebookError
from leaderboard.lab import navigation

FIRST = """# {number} · {title}

**Objective** Learn {title}.

| Time | You need | Pattern |
|---|---|---|
| 20 minutes | nothing | bug hunt |"""


def notebook(folder: Path, number: str, title: str) -> Path:
    made = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(FIRST.format(number=number, title=title)),
            nbformat.v4.new_code_cell("1"),
        ]
    )
    path = folder / f"{number}_{title}.ipynb"
    nbformat.write(made, path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, title in (("00", "one"), ("01", "two"), ("02", "three")):
        notebook(tmp_path, number, title)
    return tmp_path


def last_cell(folder: Path, name: str) -> str:
    return str(nbformat.read(folder / name, as_version=4).cells[-1].source)


def test_each_links_to_its_neighbours_and_the_contents(folder: Path):
    navigation.update(folder)
    assert last_cell(folder, "01_two.ipynb") == (
        "[← 00 · one](00_one.ipynb) | [Contents](README.md) | [02 · three →](02_three.ipynb)"
    )
    assert last_cell(folder, "00_one.ipynb").startswith("[Contents]")


def test_the_contents_name_objective_time_and_pattern(folder: Path):
    navigation.update(folder)
    readme = (folder / "README.md").read_text()
    assert "| 01 | [two](01_two.ipynb) | Learn two. | 20 minutes | bug hunt |" in readme


def test_a_second_time_changes_nothing(folder: Path):
    assert len(navigation.update(folder)) == 4
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert navigation.update(folder) == []
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_new_notebook_makes_its_neighbour_and_the_contents_stale(folder: Path):
    navigation.update(folder)
    notebook(folder, "03", "four")
    stale = ["02_three.ipynb", "03_four.ipynb", "README.md"]
    assert navigation.update(folder, write=False) == stale
    assert navigation.update(folder) == stale
    assert last_cell(folder, "02_three.ipynb").endswith("[03 · four →](03_four.ipynb)")
    assert len(nbformat.read(folder / "02_three.ipynb", as_version=4).cells) == 3


def test_a_first_cell_without_its_parts_is_named(folder: Path):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 04 · five")])
    nbformat.write(made, folder / "04_five.ipynb")
    with pytest.raises(NotebookError, match=r"04_five.ipynb: expected in the first cell"):
        navigation.update(folder)
