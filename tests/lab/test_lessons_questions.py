"""Questions: every wrong answer has a hint of its own, and nothing but the answer is right."""

import pytest

from leaderboard.errors import NotebookError
from leaderboard.lab.lessons.questions import QUESTIONS, explain


@pytest.mark.parametrize("name", QUESTIONS)
def test_only_the_answer_is_right_and_every_wrong_choice_has_its_own_hint(name: str) -> None:
    question = QUESTIONS[name]
    replies = {choice: explain(name, choice) for choice in question.replies}

    assert [c for c, reply in replies.items() if reply.right] == [question.answer]
    assert len({repr(reply) for reply in replies.values()}) == len(question.replies) >= 3


@pytest.mark.parametrize("name", QUESTIONS)
def test_before_a_try_the_question_is_asked_and_no_reply_is_shown(name: str) -> None:
    reply = explain(name, None)

    assert reply.right is None
    assert reply.question.text in repr(reply)
    assert not any(text in repr(reply) for text in QUESTIONS[name].replies.values())


def test_an_unknown_choice_gets_the_choices_not_an_error() -> None:
    reply = explain("who-keeps", "<b>me</b>")

    assert reply.right is False
    assert "redis" in repr(reply)


def test_an_unknown_question_is_an_error_that_names_the_known() -> None:
    with pytest.raises(NotebookError, match="who-keeps"):
        explain("no-such", None)
