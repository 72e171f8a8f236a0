"""Replay dead letters: those that can be read now go back to the event topic as they were.

A replayed letter gets a receipt in the dead-letter topic once Kafka has acknowledged the replay,
and is not replayed again. A crash between the two publishes the record twice, into the partition
it came from, where its event id lets it count once: so a letter whose partition is no more is not
replayed. Of a cut letter, the whole record is read from the log. Letters and receipts expire
together with the events, before the event ids do.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from leaderboard.model.events import BadRecord
from leaderboard.model.wire import Wire
from leaderboard.pipeline.deadletter import DeadLetter, read_dead_letters, receipt
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer

CHUNK = 500


class Replay(Struct):
    """What a replay did: letters by outcome. `bad` counts those still bad, by why they are; among
    them are those whose record or partition is no longer there."""

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
    with (
        Producer(kafka, topic, large=True) as events,
        Producer(kafka, dead_letter_topic, large=True) as receipts,
    ):
        asked = _asked_for(kafka, topic, dead_letter_topic, reason, done)
        for some in _chunks(_good_now(asked, kafka, events, wire, done)):
            for letter in some:
                events.send_raw(letter.value, letter.key, letter.headers, letter.partition)
            events.flush()
            for letter in some:
                receipts.send_raw(None, letter.key or b"", receipt(letter))
            receipts.flush()
            done.replayed += len(some)
    return done


def _asked_for(
    kafka: str, topic: str, dead_letter_topic: str, reason: str, done: Replay
) -> Iterator[DeadLetter]:
    """Those to look at; what becomes of the others is counted in `done`, here as in `_good_now`."""
    for letter in read_dead_letters(kafka, dead_letter_topic):
        if letter.replayed:
            done.before += 1
        elif letter.topic != topic or reason not in letter.error:
            done.passed_over += 1
        else:
            yield letter


def _good_now(
    letters: Iterator[DeadLetter], kafka: str, events: Producer, wire: Wire, done: Replay
) -> Iterator[DeadLetter]:
    """Those to replay, as they were."""
    for letter in letters:
        if letter.partition not in events.partitions:
            done.bad[
                f"{letter.topic} has no partition {letter.partition} any more, and in another "
                "one it might count twice"
            ] += 1
            continue
        whole = letter if letter.truncated is None else _whole(letter, kafka)
        if whole is None:
            done.bad["only its start was kept, and the log no longer has the record"] += 1
            continue
        event = wire.decode(whole.value, whole.headers)
        if isinstance(event, BadRecord):
            done.bad[event.reason] += 1
        else:
            yield whole


def _whole(letter: DeadLetter, kafka: str) -> DeadLetter | None:
    """A cut letter with all of its record; None: the log has it no more."""
    start, end = {letter.partition: letter.offset}, {letter.partition: letter.offset + 1}
    for record in read_log(kafka, letter.topic, start, end):
        if (record.offset, record.timestamp) == (letter.offset, letter.timestamp_ms):
            headers = [(name, value) for name, value in record.headers if value is not None]
            return replace(
                letter, key=record.key, value=record.value, headers=headers, truncated=None
            )
    return None


def _chunks(letters: Iterator[DeadLetter]) -> Iterator[list[DeadLetter]]:
    while some := list(islice(letters, CHUNK)):
        yield some
