"""Questions to fill in: each try is answered with a hint or with the reason, never with an error.

The answers live here, out of the learner's sight until a try.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from leaderboard.errors import NotebookError
from leaderboard.lab import cards


class Question(Struct, frozen=True):
    """`answer` is one of `replies`, which say what to tell to each choice."""

    text: str
    answer: str
    replies: dict[str, str]


class Reply(Struct, frozen=True):
    """What a try was told. `right` is None before the first try."""

    question: Question
    tried: str | None
    right: bool | None

    def __repr__(self) -> str:
        if self.tried is None:
            choices = " / ".join(self.question.replies)
            return f"{self.question.text} Choose one: {choices}"
        word = "Yes" if self.right else "Not yet"
        hint = self.question.replies.get(self.tried)
        hint = hint or f"expected one of {', '.join(self.question.replies)}"
        return f"{cards.MARKS[self.right]} {word}: {hint}"

    def _repr_html_(self) -> str:
        return cards.note(repr(self))


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
    "who-keeps": Question(
        "The processor is killed and a new one starts. Who tells it where to go on?",
        "redis",
        {
            "producer": "The producer forgets an event once Kafka has acknowledged it. Which stage "
            "holds the points, and must agree with them about what was counted?",
            "kafka": "Kafka does keep a committed offset, but only as a hint: it moves after the "
            "points. Which store changes in the same call as the points?",
            "redis": "Redis keeps the next offset beside the points and moves both in one atomic "
            "call, so a new processor can neither skip nor repeat an event.",
            "api": "The API only reads. Think of who stores the points.",
        },
    ),
    "same-seed": Question(
        "You run the same seed again a minute later. What is the same in both runs?",
        "players and points",
        {
            "every byte": "Almost: the clock has moved on, so the timestamps differ; and the ids "
            "must differ, or the second run would count as duplicates.",
            "players and points": "The choices depend on the seed alone, ids and timestamps on the "
            "start too: the same story, told with new events.",
            "nothing": "Look at the two tables above: who scored, and how much?",
        },
    ),
    "why-key": Question(
        "Two players share a partition. Are the events of one and the other in order?",
        "within the partition",
        {
            "never": "A partition is one log: what is appended first has the smaller offset. Does "
            "that stop at the key?",
            "within the partition": "One partition is one order, for every key in it. The key only "
            "decides which partition; between partitions there is no order at all.",
            "across all partitions": "Your second reader took one partition after the other. Could "
            "it have known which of two events in different ones came first?",
        },
    ),
    "who-notices": Question(
        "Two processors die in the same second: one leaves its group, one is killed. Whose "
        "partitions have a reader again first?",
        "the one that left",
        {
            "the one that left": "It told Kafka. The killed one is missed only when its heartbeats "
            "have been absent for the session timeout: silence takes time to hear.",
            "the killed one": "Who tells Kafka that it is dead? Count what Kafka has heard from "
            "each of the two.",
            "both at once": "Both are gone at once, but Kafka can only know what it is told. Which "
            "of the two said anything?",
        },
    ),
    "tie-order": Question(
        "Redis sorts a set by score, then by member, both rising. Why do ties come out z to a?",
        "read backwards",
        {
            "random": "Ask twice: the order is the same each time. In which direction does "
            "ZREVRANGE walk?",
            "latest first": "A sorted set knows no time. In which direction does ZREVRANGE walk?",
            "read backwards": "Best first means reading the set from its end, and that turns round "
            "the members of equal score too. Our board turns them back: a to z.",
        },
    ),
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
    "at-most": Question(
        "A poll may bring at most 1,000 records, and 3 are there. When does it return?",
        "at once",
        {
            "at once": "With 3. A batch is what has piled up, not what was waited for: small while "
            "nothing presses, large as soon as it does. So its limit costs no latency.",
            "when 1,000 are there": "At 100 events a second that would take 10 s. How old were the "
            "events of batch 1,000 when only 100 a second arrived?",
            "after the fetch wait": "The wait is for a log that has nothing new. Does it say how "
            "long to wait once something is there?",
        },
    ),
    "three-calls": Question(
        "A processor asks Redis whether the event's id is known (SISMEMBER), adds the points "
        "(ZINCRBY), then remembers the id (SADD). It is killed after ZINCRBY. What happens?",
        "counted twice",
        {
            "nothing": "That is what it was built for. But what does Redis know of this event when "
            "it comes again?",
            "lost": "The points are in Redis already. And Kafka was not told: what will the next "
            "process be given?",
            "counted twice": "The points are there, the id is not, so the next process counts it "
            "again. A check helps only if what it checks moves in the same atomic call.",
        },
    ),
    "slowest-decides": Question(
        "Three partitions: two have seen an event of 20:30, the newest in the third is of 20:05. "
        "In which state is the window 19:00 to 20:00 of a board that waits 15 minutes?",
        "closing",
        {
            "open": "All three partitions have seen events after 20:00. Can an event of 19:59 "
            "still be on time in any of them?",
            "closing": "The smallest watermark decides: 20:05. The window is over, but in that "
            "partition late events still count, so nobody may call its result final.",
            "final": "For two of the partitions, yes. What may still come through the third?",
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
