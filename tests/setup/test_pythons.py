"""Which Python the environment is made with."""

import sys
from collections.abc import Callable

import pytest

from tests.setup.fake_machine import FakeMachine
from tools import pythons
from tools.commands import SetupError
from tools.pythons import Python


def probing(*found: Python) -> Callable[[str], Python | None]:
    """A probe that knows these interpreters by their paths."""
    return {python.path: python for python in found}.get


def names(*found: Python) -> list[str]:
    return [python.path for python in found]


def test_the_newest_supported_python_is_chosen() -> None:
    found = [Python((3, 11), "a"), Python((3, 13), "b"), Python((3, 14), "c"), Python((3, 9), "d")]

    chosen = pythons.choose(names(*found), probe=probing(*found), has_venv=lambda _: True)

    assert chosen.path == "b"


def test_of_equal_versions_the_first_named_is_chosen() -> None:
    found = [Python((3, 12), "python3.12"), Python((3, 12), "python3")]

    chosen = pythons.choose(names(*found), probe=probing(*found), has_venv=lambda _: True)

    assert chosen.path == "python3.12"


def test_a_name_that_starts_nothing_is_passed_over() -> None:
    found = Python((3, 11), "real")

    chosen = pythons.choose(["shim", "real"], probe=probing(found), has_venv=lambda _: True)

    assert chosen == found


def test_a_python_without_venv_is_passed_over() -> None:
    found = [Python((3, 13), "bare"), Python((3, 11), "whole")]

    chosen = pythons.choose(
        names(*found), probe=probing(*found), has_venv=lambda python: python.path == "whole"
    )

    assert chosen.path == "whole"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "found no Python that runs"),
        ([Python((3, 9), "a"), Python((3, 14), "b")], "found Python 3.14, 3.9"),
        ([Python((3, 12), "a")], "found Python 3.12 without venv"),
    ],
)
def test_no_suitable_python_is_one_clear_line(found: list[Python], said: str) -> None:
    with pytest.raises(SetupError) as error:
        pythons.choose(names(*found), probe=probing(*found), has_venv=lambda _: False)

    assert said in str(error.value)
    assert "install one" in str(error.value)
    assert "\n" not in str(error.value)


def test_only_the_python_the_caller_names_is_tried(
    fake: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON", "/opt/python3.12")

    assert pythons.wanted_names() == ("/opt/python3.12",)


def test_this_python_is_found_by_really_starting_it() -> None:
    assert pythons.probe(sys.executable) == Python(sys.version_info[:2], sys.executable)
    assert pythons.probe("no-such-python") is None
