"""The processor on real servers: outcomes, identity, order, and what it does with bad records."""

import json
import threading

import pytest

from leaderboard.model.events import encode
from leaderboard.pipeline.deadletter import read_dead_letters
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.processor import Processor
from leaderboard.pipeline.producer import Producer
from tests.pipeline.pipes import Pipe
from tests.waiting import until, within

BAD = [b"", b"{", b"null", b"\xff\xfe", b'{"event_type":"player_flew"}', None]


def test_a_thousand_seeded_events_arrive_once(pipe: Pipe):
    pipe.send(pipe.events(1000))
    processor = pipe.drain()
    assert processor.totals.applied == 1000
    assert pipe.assert_right(1000).players == 30


def test_mistake_02_a_bad_event_changes_nothing_and_its_redelivery_neither(pipe: Pipe):
    good = pipe.events(1)[0]
    lacking = json.loads(encode(good))
    del lacking["player_name"]
    pipe.send_raw(json.dumps(lacking).encode())
    pipe.drain()
    pipe.drain(group=f"{pipe.settings.group}-again")
    assert pipe.redis.exists(pipe.keys.board, pipe.keys.player(good.player_id)) == 0
    assert pipe.assert_right(1).dead_letters == 1


def test_mistakes_10_and_12_bad_records_are_kept_and_the_processor_goes_on(pipe: Pipe):
    events = pipe.events(10)
    pipe.send(events[:5])
    pipe.send_raw(*BAD)
    pipe.send(events[5:])
    processor = pipe.drain()
    assert (processor.totals.applied, processor.totals.dead_letters) == (10, len(BAD))
    pipe.assert_right(10 + len(BAD))
    letters = list(read_dead_letters(pipe.settings.kafka, pipe.settings.dead_letter_topic))
    assert [letter.value for letter in letters] == BAD
    assert all(letter.error and letter.key == b"player_001" for letter in letters)
    source = {r.offset: r.value for r in read_log(pipe.settings.kafka, pipe.settings.topic)
              if r.partition == letters[0].partition}  # fmt: skip
    assert [source[letter.offset] for letter in letters] == BAD


def test_a_bad_record_without_key_or_value_is_kept_too(pipe: Pipe):
    pipe.send_raw(b"junk", key=None)
    pipe.drain()
    (letter,) = read_dead_letters(pipe.settings.kafka, pipe.settings.dead_letter_topic)
    assert (letter.key, letter.value) == (None, b"junk")


def test_a_drain_ends_though_events_go_on_coming(pipe: Pipe):
    stop = threading.Event()

    def produce() -> None:
        with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
            for event in pipe.events(200_000):
                producer.send(event)
                if stop.is_set():
                    return

    pipe.send(pipe.events(300, seed=2))
    crowd = threading.Thread(target=produce)
    crowd.start()
    try:
        totals = pipe.drain().totals
        assert crowd.is_alive()
    finally:
        stop.set()
        crowd.join()
    assert totals.applied >= 300
    assert pipe.drain().totals.applied > 0
    assert pipe.verify().drift == 0


def test_what_somebody_else_wrote_among_the_letters_is_passed_over(pipe: Pipe):
    pipe.send_raw(b"junk")
    pipe.drain()
    with Producer(pipe.settings.kafka, pipe.settings.dead_letter_topic) as producer:
        producer.send_raw(b"no letter", b"key", [("topic", b"x"), ("replayed", b"yes")])
    assert [letter.value for letter in pipe.letters()] == [b"junk"]


def test_redelivered_bad_records_are_listed_once(pipe: Pipe):
    pipe.send_raw(b"junk")
    pipe.drain()
    pipe.redis.delete(pipe.keys.offsets, pipe.keys.counts)
    pipe.drain()
    assert len(list(read_dead_letters(pipe.settings.kafka, pipe.settings.dead_letter_topic))) == 1
    pipe.assert_right(1)


def test_mistake_03_one_name_two_players_and_a_rename(pipe: Pipe):
    first, second = pipe.events(400)[:2]
    base = json.loads(encode(first))
    twins = [{**base, "player_id": p, "player_name": "Twin"} for p in ("player_a", "player_b")]
    twins[1]["event_id"] = str(second.event_id)
    renamed = {**twins[0], "event_id": "6f1c7d8e-0000-4000-8000-000000000009", "player_name": "Neo"}
    for event in (*twins, renamed):
        pipe.send_raw(json.dumps(event).encode(), key=event["player_id"].encode())
    pipe.drain()
    assert pipe.redis.zcard(pipe.keys.board) == 2
    assert pipe.redis.hget(pipe.keys.player("player_a"), "player_name") == b"Neo"
    pipe.assert_right(3)


def test_mistake_04_counted_ids_expire(pipe: Pipe):
    pipe.send(pipe.events(50))
    pipe.drain()
    sets = list(pipe.redis.scan_iter(f"{pipe.keys.processed_prefix}*"))
    assert sum(pipe.redis.scard(key) for key in sets) == 50
    longest_s = 2 * pipe.settings.processed_ttl_hours * 3600
    assert all(0 < pipe.redis.ttl(key) <= longest_s for key in sets)


def test_mistake_11_a_players_events_share_a_partition_in_order(pipe: Pipe):
    events = pipe.events(300)
    pipe.send(events)
    seen: dict[str, list[tuple[int, str]]] = {}
    for record in read_log(pipe.settings.kafka, pipe.settings.topic):
        event = json.loads(record.value)
        assert record.key == event["player_id"].encode()
        seen.setdefault(event["player_id"], []).append((record.partition, event["event_id"]))
    for player_id, lines in seen.items():
        assert len({partition for partition, _ in lines}) == 1
        assert [i for _, i in lines] == [
            str(e.event_id) for e in events if e.player_id == player_id
        ]


@pytest.mark.parametrize("copies", [2, 5])
def test_events_sent_again_count_once(pipe: Pipe, copies: int):
    """The same ids within a batch, across batches and across restarts."""
    events = pipe.events(200)
    for _ in range(copies - 1):
        pipe.send(events)
    pipe.drain(max_poll_records=70)
    pipe.send(events)
    pipe.drain()
    report = pipe.assert_right(200 * copies)
    assert report.duplicates == 200 * (copies - 1)


def test_records_without_key_are_counted_right(pipe: Pipe):
    pipe.send_raw(*map(encode, pipe.events(60)), key=None)
    pipe.drain()
    assert pipe.assert_right(60).applied == 60


def test_another_group_finds_nothing_left_to_do(pipe: Pipe):
    pipe.send(pipe.events(100))
    pipe.drain()
    assert pipe.drain(group=f"{pipe.settings.group}-other").totals.records == 0
    pipe.assert_right(100)


def test_step_by_step(pipe: Pipe):
    """What a notebook does by hand."""
    pipe.send(pipe.events(5))
    with pipe.processor() as processor:
        until(lambda: processor.step(timeout_s=1) and processor.totals.applied == 5)
        assert sum(processor.positions.values()) == 5
        assert sum(processor.lag.values()) == 0


def test_a_paused_processor_keeps_its_place_and_goes_on(pipe: Pipe):
    with pipe.running() as processor:
        until(lambda: len(processor.positions) == 3)
        processor.paused = True
        within(1, lambda: False)  # the poll under way ends
        pipe.send(pipe.events(50))
        assert not within(1.5, lambda: processor.totals.applied > 0)
        processor.paused = False
        until(lambda: processor.totals.applied == 50)
    pipe.assert_right(50)


def test_a_bad_record_as_large_as_kafka_takes_is_kept_and_passed(pipe: Pipe):
    """Its reason would quote it, and the letter be larger than the record."""
    huge = b'{"event_type":"' + b"A" * 600_000 + b'"}'
    largest = b"x" * 1_048_000
    pipe.send(pipe.events(20))
    pipe.send_raw(huge, largest)
    pipe.drain()
    assert pipe.assert_right(22).dead_letters == 2
    letters = list(read_dead_letters(pipe.settings.kafka, pipe.settings.dead_letter_topic))
    assert [letter.value for letter in letters] == [huge, largest]
    assert all(len(letter.error) <= 500 for letter in letters)


@pytest.mark.parametrize(("most", "overlap"), [(5, True), (4000, False)])
def test_only_a_batch_that_keeps_redis_busy_is_overlapped(pipe: Pipe, most: int, overlap: bool):
    places: list[str] = []
    pipe.send(pipe.events(20))
    with pipe.processor(probe=places.append, max_poll_records=most) as processor:
        processor.run(drain=True)
    assert processor.totals.applied == 20
    assert ("before_apply polled" in " ".join(places)) is overlap


def test_kafka_is_told_once_in_a_while_and_at_rest_where_redis_stands(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leaderboard.pipeline.processor.COMMIT_EVERY_S", 3600)
    pipe.send(pipe.events(100))
    with pipe.processor(max_poll_records=5) as processor:
        told = commits(processor, monkeypatch)
        processor.run(drain=True)
        assert len(told) == 1
        monkeypatch.setattr("leaderboard.pipeline.processor.COMMIT_EVERY_S", 0)
        until(lambda: processor.step(0.05) and len(told) > 1)
        assert told[-1] == processor.positions
        for _ in range(3):
            processor.step(0.05)
        assert len(told) == 2


def commits(processor: Processor, monkeypatch: pytest.MonkeyPatch) -> list[dict[int, int]]:
    """What Kafka is told from now on."""
    told: list[dict[int, int]] = []
    tell = processor._consumer.commit

    def commit(offsets: dict[int, int], *, wait: bool = False) -> None:
        told.append(dict(offsets))
        tell(offsets, wait=wait)

    monkeypatch.setattr(processor._consumer, "commit", commit)
    return told
