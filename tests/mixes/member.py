"""A processor of a mix: `member.py`, with the settings in its environment, until SIGTERM.

A line on its input, `PLACE HOW`, sets a trap as in `victim.py`: it springs at the next batch.
"""

import logging
import os
import signal
import sys
import threading

from leaderboard.cli.clients import connect_redis
from leaderboard.cli.signals import on_stop_signal
from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.pipeline.victim import Trap, spring_before_reading_a_reply

READY = "SIGTERM is heard"


def set_traps(trap: Trap) -> None:
    for line in sys.stdin:
        place, how = line.split()
        trap.how, trap.left = how, 1
        trap.place = place  # last: the other thread looks at it first
    os.kill(os.getpid(), signal.SIGKILL)  # whoever plays the mix has ended


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    trap = Trap("", "kill", 0)
    spring_before_reading_a_reply(trap)
    threading.Thread(target=set_traps, args=(trap,), daemon=True).start()
    stop = threading.Event()
    on_stop_signal(stop.set)
    logging.info(READY)
    settings = Settings.load()
    redis = connect_redis(settings.redis)
    while not stop.is_set():
        try:
            processor = Pipe(settings).processor(
                redis, probe=trap.probe, idle_after_s=settings.idle_after_s
            )
            break
        except ServersError as error:  # a stage that finds no Kafka ends; as if started again
            logging.warning("not started: %s", error)
    else:
        return
    with processor:
        processor.run(stopped=stop.is_set)
        logging.info("totals: %s", processor.totals)


if __name__ == "__main__":
    main()
