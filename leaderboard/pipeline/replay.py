"""Replay dead letters: those that can be read now go back to the event topic as they were.

A replayed letter gets a receipt in the dead-letter topic once Kafka has acknowledged the replay,
and is not replayed again. A crash between the two publishes the record twice, into the partition
it came from, where its event id lets it count once. Letters and receipts expire together with the
events, before the event ids do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from leaderboard.model.events import BadRecord
from leaderboard.model.wire import Wire
from leaderboard.pipeline.deadletter import DeadLetter, read_dead_letters, receipt
from leaderboard.pipeline.producer import Producer

CHUNK = 500


class Replay(Struct):
    """What a replay did: letters by outcome. `bad` counts those still bad, by why they are."""

    replayed: int = 0
    before: int = 0
    passed_over: int = 0
    bad: Counter[str] = Counter()


def replay(
    kafka: str, topic: str, dead_letter_topic: str, wire: Wire, *, reason: str = ""
) -> Replay:
    """Publish the letters of `topic` that `wire` can read, and whose reason contains `reason`.

    Raises
    ------
    ServersError
        when Kafka or the schema registry is away; what was replayed until then has its receipt.
    StageError
        when Kafka does not acknowledge a replay.
    """
    done = Replay(bad=Counter())
    letters = read_dead_letters(kafka, dead_letter_topic)
    with Producer(kafka, topic) as events, Producer(kafka, dead_letter_topic) as receipts:
        for some in _chunks(_good_now(letters, topic, wire, reason, done)):
            for letter in some:
                events.send_raw(letter.value, letter.key, letter.headers, letter.partition)
            events.flush()
            for letter in some:
                receipts.send_raw(None, letter.key or b"", receipt(letter))
            receipts.flush()
            done.replayed += len(some)
    return done


def _good_now(
    letters: Iterable[DeadLetter], topic: str, wire: Wire, reason: str, done: Replay
) -> Iterator[DeadLetter]:
    """Those to replay; what becomes of the others is counted in `done`."""
    for letter in letters:
        if letter.replayed:
            done.before += 1
        elif letter.topic != topic or reason not in letter.error:
            done.passed_over += 1
        else:
            event = wire.decode(letter.value, letter.headers)
            if isinstance(event, BadRecord):
                done.bad[event.reason] += 1
            else:
                yield letter


def _chunks(letters: Iterator[DeadLetter]) -> Iterator[list[DeadLetter]]:
    while some := list(islice(letters, CHUNK)):
        yield some
