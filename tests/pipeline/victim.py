"""A processor that kills, stops or slows itself at a named place: `victim.py PLACE HOW NTH`.

PLACE is a probe of `Processor`, or `sent`: the call has left for Redis, its reply was not read.
HOW is kill (SIGKILL), stop (SIGSTOP, until SIGCONT comes), term (SIGTERM) or int (SIGINT). Prints
its totals.
"""

import os
import signal
import sys
import time

import msgspec
import redis.connection

from leaderboard.cli.signals import on_stop_signal
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe

SIGNALS = {
    "kill": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM, "int": signal.SIGINT,
}  # fmt: skip


class Trap:
    """Springs when `place` is passed for the nth time."""

    def __init__(self, place: str, how: str, nth: int) -> None:
        self.place, self.how, self.left = place, how, nth
        self.armed = False

    def probe(self, place: str) -> None:
        self.armed = self.armed or (place == "before_apply" and self.place == "sent")
        if place == self.place:
            self.spring()

    def spring(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), SIGNALS[self.how])


def spring_before_reading_a_reply(trap: Trap) -> None:
    read = redis.connection.Connection.read_response

    def read_response(self: object, *args: object, **kwargs: object) -> object:
        if trap.armed:
            trap.armed = False
            time.sleep(0.3)  # the server has applied the call by now; its reply waits unread
            trap.spring()
        return read(self, *args, **kwargs)

    redis.connection.Connection.read_response = read_response


def main() -> None:
    place, how, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
    trap = Trap(place, how, nth)
    spring_before_reading_a_reply(trap)
    stopped: list[bool] = []
    on_stop_signal(lambda: stopped.append(True))
    with Pipe(Settings.load()).processor(probe=trap.probe, max_poll_records=100) as processor:
        processor.run(drain=True, stopped=lambda: bool(stopped))
        sys.stdout.write(msgspec.json.encode(processor.totals).decode())


if __name__ == "__main__":
    main()
