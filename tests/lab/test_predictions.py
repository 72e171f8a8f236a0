"""Asking, grading, and that a wrong guess is graded and never an error."""

import pytest

from leaderboard.errors import NotebookError
from leaderboard.lab.predictions import Ledger


@pytest.mark.parametrize(
    ("value", "measured", "tolerance", "correct"),
    [
        (400, 400, 0, True),
        (400, 404, 0, False),
        (400, 404, 5, True),
        (380, 400, "5 %", True),
        (379, 400, "5 %", False),
        ((300, 500), 404, 0, True),
        ((300, 400), 404, 0, False),
        (0, 0, "10 %", True),
    ],
)
def test_grades(value: object, measured: float, tolerance: object, correct: bool):
    ledger = Ledger()
    ledger.predict("n", value)
    assert ledger.grade("n", measured, tolerance=tolerance).correct is correct


def test_a_choice_is_right_or_off():
    ledger = Ledger()
    ledger.predict("who", "Redis", choices=["Kafka", "Redis"])
    assert ledger.grade("who", "Redis").word == "right"
    assert ledger.grade("who", "Kafka").word == "off"


def test_nothing_predicted_is_missing_and_asks():
    ledger = Ledger()
    prediction = ledger.predict("n", None, ask="How many?", unit="events")
    assert "How many?" in repr(prediction)
    assert "as the second argument" in repr(prediction)
    assert ledger.missing == ["n"]
    grade = ledger.grade("n", 5)
    assert (grade.correct, grade.word) == (None, "missing")


def test_a_prediction_is_kept_with_its_time_and_known_when_late():
    begun = False
    ledger = Ledger(lambda: begun)
    first = ledger.predict("n", 5)
    begun = True
    assert ledger.predict("n", 5) is first
    assert not first.late
    assert ledger.predict("n", 6).late


@pytest.mark.parametrize("value", ["many", (5, 1), (1, 2, 3), True, [1, 2]])
def test_a_value_of_another_kind_is_refused(value: object):
    with pytest.raises(NotebookError, match="expected a number or an interval"):
        Ledger().predict("n", value)


def test_a_choice_must_be_one_of_them():
    with pytest.raises(NotebookError, match="one of Kafka, Redis"):
        Ledger().predict("who", "API", choices=["Kafka", "Redis"])


def test_grading_what_was_never_asked():
    with pytest.raises(NotebookError, match="known: none"):
        Ledger().grade("n", 1)


def test_text_from_outside_is_escaped():
    prediction = Ledger().predict("n", None, ask="<script>")
    assert "<script>" not in prediction._repr_html_()
    ledger = Ledger()
    ledger.predict("n", "<b>", choices=["<b>"], ask="<i>")
    assert "<b>" not in ledger.grade("n", "<u>")._repr_html_()


def test_the_ledger_as_a_table():
    ledger = Ledger()
    assert "correct" in ledger.to_frame().columns
    ledger.predict("a", 1)
    ledger.predict("b", None)
    ledger.grade("a", 2)
    frame = ledger.to_frame().set_index("name")
    assert not frame["correct"]["a"]
    assert frame["correct"].isna()["b"]
