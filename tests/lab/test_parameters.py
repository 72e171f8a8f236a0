"""What a notebook takes, and that a wrong name or value is refused before anything runs."""

from pathlib import Path

import pytest

from leaderboard.errors import NotebookError
from leaderboard.lab import nbfile, parameters
from leaderboard.lab.parameters import Parameter, ParametersError

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PASSES = NOTEBOOKS / "passes.ipynb"


def test_they_are_read_with_type_and_default():
    found = parameters.read(PASSES)
    assert list(found) == ["events", "rate", "name", "prediction", "flag"]
    assert found["prediction"] == Parameter("prediction", None, "float | None")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"events": "7"}, 7),
        ({"rate": "3"}, 3),
        ({"rate": 2.5}, 2.5),
        ({"name": "7"}, "7"),
        ({"prediction": "4.5"}, 4.5),
        ({"prediction": "None"}, None),
        ({"flag": "True"}, True),
    ],
)
def test_text_becomes_what_is_declared(given: dict[str, object], value: object):
    fitting = next(iter(parameters.check(PASSES, given).values()))
    assert fitting == value
    assert type(fitting) is type(value)


@pytest.mark.parametrize(
    "given",
    [{"events": "2.5"}, {"events": "many"}, {"rate": "True"}, {"flag": "1"}, {"events": "None"}],
)
def test_another_type_is_refused(given: dict[str, object]):
    with pytest.raises(ParametersError, match=rf"{next(iter(given))}: expected .*, got"):
        parameters.check(PASSES, given)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ParametersError, match=r"no parameter event; known: events, rate, name"):
        parameters.check(PASSES, {"event": "7"})


def test_what_is_no_assignment():
    assert parameters.parse(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(ParametersError, match="expected key=value, got 'rate'"):
        parameters.parse(["rate"])


def test_the_cell_holds_literals_only(tmp_path: Path):
    notebook = nbfile.read(PASSES)
    notebook.cells[1].source = "a: int = 1 + len('x')"
    nbfile.write(notebook, tmp_path / "wrong.ipynb")
    with pytest.raises(NotebookError, match="cell tagged `parameters`"):
        parameters.read(tmp_path / "wrong.ipynb")


def test_what_is_no_notebook(tmp_path: Path):
    (tmp_path / "no.ipynb").write_text("no")
    for name in ("no.ipynb", "missing.ipynb"):
        with pytest.raises(NotebookError, match="cannot be read"):
            parameters.read(tmp_path / name)
