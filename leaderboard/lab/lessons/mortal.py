"""Processes that really die: `python -m leaderboard.lab.lessons.mortal`, a line of JSON per life.

For each `Life` on standard input a child is forked, which works until its trap springs (SIGKILL:
no exception, no `finally`, no goodbye) or the log has ended. How it ended is the answer, a `Death`
on standard output. Forking from here, not from the kernel, makes a life cost a tenth of a start,
and no thread of the kernel is in the way.

Never here: which lives there are, or what they were worth (`crashes`).
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
import redis
from kafka.consumer.fetcher import ConsumerRecord
from msgspec import Struct

from leaderboard.lab.lessons.naive import DESIGNS, Log, Names, add
from leaderboard.model.events import decode
from leaderboard.pipeline.deadletter import DeadLetters
from leaderboard.pipeline.declared import writer_of
from leaderboard.pipeline.processor import Processor
from leaderboard.settings import Settings

OURS: Final = "ours"
GUARDED: Final = "guarded"
"""Apply first, with a learner's `add`."""

LONGEST_S: Final = 60
"""A life that has not ended by then is ended: nobody waits for it any more."""
REPLY_S: Final = 30.0

LINES: Final = {
    "nothing done": ("nothing done", "before_apply"),
    "half counted": ("one counted", "sent"),
    "between": ("between", "after_apply"),
    "both done": ("both done", "batch_done"),
}
"""The lines to die at: the place in a naive design, and the one in `Processor`.

`sent` is ours alone: the call has left, Redis has done it, and the reply was not read."""


class Life(Struct, frozen=True):
    """What a process is to do, and where it dies: at `line`, in its batch number `nth`.

    `line` empty: it lives to the end of the log. For `GUARDED`, `source` is the text of `add`, and
    it dies while it adds the record at `offset`, after so many replies of Redis (`nth`).
    """

    design: str
    batch: int
    line: str = ""
    nth: int = 0
    source: str = ""
    offset: int = -1


class Death(Struct, frozen=True):
    """How a life ended: by which signal (0: by itself), as which process."""

    pid: int
    signal: int
    status: int


class Trap:
    """Kills this process when `place` is passed for the last of `left` times."""

    def __init__(self, place: str = "", left: int = 0) -> None:
        self.place, self.left = place, left
        self._asked = False

    def __call__(self, place: str) -> None:
        """Pass `place`: if that was the last time, it is the end."""
        self._asked = self._asked or place == "before_apply"  # a poll may come before the reply
        if place == self.place:
            self.left -= 1
            if self.left == 0:
                die()

    def redis(self, url: str) -> redis.Redis:
        """A client that passes `sent` between a batch's call and its reply, `replied` after any."""
        trap = self

        class Connection(redis.Connection):
            def read_response(self, *args: Any, **options: Any) -> Any:
                if trap._asked:
                    self.can_read(timeout=REPLY_S)  # it is there: Redis has done what was asked
                    trap("sent")
                reply = super().read_response(*args, **options)
                trap("replied")
                return reply

        found = redis.Redis.from_url(url, connection_class=Connection)
        found.ping()  # connect now: these replies count for nothing
        return found


def die() -> None:
    """As when the power fails."""
    os.kill(os.getpid(), signal.SIGKILL)


def live(life: Life) -> None:
    """Do what `life` says, in this process."""
    settings = Settings.load()
    if life.design == OURS:
        _ours(life, settings)
        return
    place, _ = LINES.get(life.line, ("", ""))
    passes = life.nth
    if place == "one counted":
        passes = (life.nth - 1) * life.batch + life.batch // 2
    trap = Trap(place, passes)
    client, names = trap.redis(settings.redis), Names(settings.key_prefix)
    design, count = DESIGNS.get(life.design, DESIGNS["apply first"]), partial(add, client, names)
    if life.design == GUARDED:
        trap.place = ""
        count = partial(_dying, trap, life, partial(_made(life.source), client, names))
    with Log(settings, life.batch) as log:
        design(log, count, trap)


def _ours(life: Life, settings: Settings) -> None:
    _, place = LINES.get(life.line, ("", ""))
    trap = Trap(place, life.nth)
    with Processor(
        settings.kafka, settings.topic, settings.group,
        writer_of(trap.redis(settings.redis), settings),
        DeadLetters(settings.kafka, settings.dead_letter_topic, settings.late_topic),
        session_timeout_s=settings.session_timeout_s, max_poll_records=life.batch, probe=trap,
    ) as processor:  # fmt: skip
        processor.run(drain=True)


def _made(source: str) -> Callable[..., None]:
    """The function that `source` defines; it may use `decode`."""
    space: dict[str, Any] = {"decode": decode}
    exec(compile(source, "<your function>", "exec"), space)  # the learner's own code
    found: Callable[..., None] = space["add"]
    return found


def _dying(
    trap: Trap, life: Life, count: Callable[[ConsumerRecord], None], record: ConsumerRecord
) -> None:
    """Count `record`; at that of `life` die after so many replies, or behind the last one."""
    fatal = record.offset == life.offset
    if fatal:
        trap.place, trap.left = "replied", life.nth
    count(record)
    if fatal:
        die()


def main() -> None:
    """One life a line, one after the other."""
    answers = sys.stdout.buffer
    for line in sys.stdin.buffer:
        life = msgspec.json.decode(line, type=Life)
        pid = os.fork()
        if pid == 0:
            _child(life)
        _, status = os.waitpid(pid, 0)
        ended = os.waitstatus_to_exitcode(status)
        answers.write(msgspec.json.encode(Death(pid, max(0, -ended), max(0, ended))) + b"\n")
        answers.flush()


def _child(life: Life) -> None:
    signal.alarm(LONGEST_S)
    try:
        live(life)
    except BaseException:  # noqa: BLE001  # a forked child must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
