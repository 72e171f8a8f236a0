"""Questions of the notebooks on queues, counting and serving; `questions` says how they work.

The answers live here, out of the learner's sight until a try.
"""

from collections.abc import Mapping
from typing import Final

from leaderboard.errors import NotebookError
from leaderboard.lab.lessons.questions import Question, Reply


def explain(name: str, tried: str | None) -> Reply:
    """Try `tried` on question `name`; None asks.

    Raises
    ------
    NotebookError
        when there is no such question.
    """
    if name not in QUESTIONS:
        raise NotebookError(f"explain: expected one of {', '.join(QUESTIONS)}, got {name!r}")
    question = QUESTIONS[name]
    return Reply(question, tried, None if tried is None else tried == question.answer)


QUESTIONS: Final[Mapping[str, Question]] = {
    "how-old": Question(
        "600 events wait at a desk that serves 200 a second. How old is the one it serves now?",
        "3 s",
        {
            "0.3 s": "Turn the fraction over: how many seconds of work lie in 600 events?",
            "3 s": "W = L / λ = 600 / 200. A lag in events says little; divided by the rate it is "
            "how many seconds the board is behind the game.",
            "200 s": "200 is a rate, in events per second. Which quotient has the unit seconds?",
            "nobody knows": "Nobody needs to look at a clock: those 600 came before it was served, "
            "at the pace of the desk. What does Little's law say?",
        },
    ),
    "which-count": Question(
        "The board must show how many different players have a legendary, to 1 %, for 10,000,000 "
        "players. What do you keep in Redis?",
        "hyperloglog",
        {
            "a set": "It would be exact, and hold every name: look at what 100,000 of them weigh. "
            "Is exact what was asked for?",
            "a counter": "A counter can not know whether it has met this player before. Run PFADD "
            "with the same player twice: what does the second answer?",
            "a sample": "A sample tells shares well. But the same player may be in the sample and "
            "outside it: how many are different can not be scaled up.",
            "hyperloglog": "12 kB whatever the number, a typical error of 0.81 %, and two can be "
            "merged. What it can not do: say who they are, or forget one.",
        },
    ),
    "half-the-period": Question(
        "You halve the polling period. What happens to the typical staleness and to the load?",
        "half and double",
        {
            "half and same": "Each client now asks twice as often. Who answers?",
            "half and double": "Fresher for exactly as much more load, paid also while nothing "
            "changes. A push is read once for all and sent when there is news.",
            "same and double": "Look at the curve: a client that asks every P seconds is, at a "
            "random moment, between 0 and P seconds behind. What is the middle of that?",
            "quarter and double": "Staleness is a time, spread evenly from 0 to P. What happens to "
            "its middle when P is halved?",
        },
    ),
}
