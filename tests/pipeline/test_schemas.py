"""JSON and Avro in one topic, schema versions that come later, and the replay of dead letters."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from leaderboard.errors import StageError, VerifyError
from leaderboard.lab.frames import Frames
from leaderboard.model.avro import Schema, Schemas, parse
from leaderboard.model.events import BadRecord, Event, MatchFinished, PlayerScored
from leaderboard.model.wire import HEADER, Headers, Wire, avro_encoder, avro_header_encoder
from leaderboard.pipeline import replay as replay_module
from leaderboard.pipeline.deadletter import DeadLetter, DeadLetters
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.replay import Replay, replay
from leaderboard.pipeline.schemas import encoder_of, known, local_wire
from leaderboard.store.state import delete_state, read_state
from tests.pipeline.pipes import Pipe

NEWEST = known().newest


def next_version() -> Schema:
    """A version that this program does not know: points may be larger numbers."""
    union = json.loads(NEWEST.text)
    union[0]["fields"][4]["type"] = "long"
    return parse(NEWEST.version + 1, json.dumps(union))


V3 = next_version()
UPGRADED = Wire(Schemas({**known().versions, V3.version: V3}))
"""What the program after an upgrade reads."""


def replayed(pipe: Pipe, wire: Wire = UPGRADED, reason: str = "") -> Replay:
    s = pipe.settings
    return replay(s.kafka, s.topic, s.dead_letter_topic, wire, reason=reason)


def test_json_and_both_ways_of_avro_in_one_topic(pipe: Pipe):
    events = pipe.events(300)
    for at, name in enumerate(("json", "avro", "avro-header")):
        pipe.send(events[at::3], encoder_of(pipe.settings.with_(event_format=name)))
    again = [event for event in events if not isinstance(event, MatchFinished)][:50]
    pipe.send(again, avro_encoder(known().versions[1], known().versions[1].id))
    first = {record.value[:1] for record in read_log(pipe.settings.kafka, pipe.settings.topic)}
    assert b"{" in first
    assert b"\0" in first
    pipe.drain()
    report = pipe.assert_right(350)
    assert (report.applied, report.duplicates, report.dead_letters) == (300, 50, 0)
    frames = Frames(pipe.settings, pipe.settings.kafka, pipe.redis, list)
    shown = frames.events(limit=None)
    assert shown["bad"].isna().all()
    assert set(shown["event_id"]) == {str(event.event_id) for event in events}


@pytest.mark.parametrize("encoder", [avro_encoder, avro_header_encoder])
def test_an_unknown_version_waits_in_the_dead_letters_until_it_is_replayed(pipe, encoder):
    """Before and after the upgrade, and after the replay, every value is right."""
    events = pipe.events(100)
    pipe.send(events[:40])
    pipe.send(events[40:60], encoder(V3, V3.id))
    pipe.send(events[60:])  # of the same players: their last names and times are these
    pipe.drain()
    assert pipe.assert_right(100).dead_letters == 20
    letters = pipe.letters()
    assert {letter.error for letter in letters} == {
        "Unknown schema id 2000000003, known here: 2000000001 (v1), 2000000002 (v2)"
    }

    assert pipe.assert_right(100, wire=UPGRADED).dead_letters == 20, "it was unknown then"
    assert replayed(pipe) == Replay(replayed=20)
    assert replayed(pipe) == Replay(before=20)
    assert all(letter.replayed for letter in pipe.letters())
    pipe.drain(wire=UPGRADED)
    report = pipe.assert_right(120, wire=UPGRADED)
    assert (report.applied, report.duplicates, report.dead_letters) == (100, 0, 20)

    records = list(read_log(pipe.settings.kafka, pipe.settings.topic))
    copies = [(r.partition, r.key, r.value, r.headers) for r in records]
    assert sorted(copies.count(copy) for copy in copies) == [1] * 80 + [2] * 40


def test_a_rebuild_after_the_upgrade_counts_the_first_copy(pipe: Pipe):
    pipe.send(pipe.events(30), avro_encoder(V3, V3.id))
    pipe.drain()
    replayed(pipe)
    delete_state(pipe.redis, pipe.keys)
    pipe.drain(wire=UPGRADED)
    report = pipe.assert_right(60, wire=UPGRADED)
    assert (report.applied, report.duplicates, report.dead_letters) == (30, 30, 0)


def test_old_and_new_processors_in_turn(pipe: Pipe):
    """A rolling upgrade: what one could read the other could not, partition by partition."""
    events = pipe.events(90)
    for at, wire in enumerate((None, UPGRADED, None, UPGRADED)):
        pipe.send(events[at::4], avro_encoder(V3, V3.id))
        pipe.drain(wire=wire)
    report = pipe.assert_right(90, wire=UPGRADED)
    assert report.dead_letters == len(events[0::4]) + len(events[2::4])
    state = read_state(pipe.redis, pipe.keys, pipe.settings.topic, [0, 1, 2])
    assert state is not None
    assert any(
        [knows for _, knows in spans] == ["v2", "v3", "v2", "v3"]
        for spans in state.schemas.values()
    )


def test_what_was_counted_before_anything_was_noted(pipe: Pipe):
    """By a program of before there was Avro: it wrote no word about schemas."""
    old = Wire(Schemas({}))
    old.knows = ""
    events = pipe.events(40)
    pipe.send(events[:10], avro_encoder(NEWEST, NEWEST.id))
    pipe.send(events[10:20])
    pipe.drain(wire=old)
    assert pipe.assert_right(20).dead_letters == 10
    pipe.send(events[20:], avro_encoder(NEWEST, NEWEST.id))
    pipe.drain()
    assert pipe.assert_right(40).dead_letters == 10


def test_an_older_program_can_not_verify_what_a_newer_one_counted(pipe: Pipe):
    pipe.send(pipe.events(10))
    pipe.drain(wire=UPGRADED)
    with pytest.raises(VerifyError, match=r"counted with schema v3.*verify with that too"):
        pipe.verify()


def test_what_is_still_bad_stays_and_is_said(pipe: Pipe):
    pipe.send_raw(b"junk", b"{}", b"\0\0\0\0\7abc")
    pipe.send(pipe.events(5), avro_header_encoder(V3, V3.id))
    pipe.drain()
    assert replayed(pipe, reason="schema id 7") == Replay(
        passed_over=7, bad={f"{UPGRADED.find(7).reason}": 1}
    )
    done = replayed(pipe)
    assert (done.replayed, done.bad.total(), len(done.bad)) == (5, 3, 3)
    pipe.drain(wire=UPGRADED)
    assert pipe.assert_right(13, wire=UPGRADED).applied == 5
    assert [letter.replayed for letter in pipe.letters()].count(False) == 3


def test_a_replay_that_dies_before_its_receipts_counts_once(pipe: Pipe, monkeypatch):
    pipe.send(pipe.events(20), avro_encoder(V3, V3.id))
    pipe.drain()
    with monkeypatch.context() as patched:
        patched.setattr(replay_module, "receipt", _die)
        with pytest.raises(StageError, match="killed"):
            replayed(pipe)
    assert replayed(pipe).replayed == 20
    pipe.drain(wire=UPGRADED)
    report = pipe.assert_right(60, wire=UPGRADED)
    assert (report.applied, report.duplicates, report.dead_letters) == (20, 20, 20)


def test_two_replays_at_once_count_once(pipe: Pipe, monkeypatch):
    """Both have published the events before one of them writes a receipt."""
    pipe.send(pipe.events(20), avro_encoder(V3, V3.id))
    pipe.drain()
    both, make = threading.Barrier(2), replay_module.receipt

    def receipt(letter: DeadLetter) -> list[tuple[str, bytes]]:
        both.wait(30)
        return make(letter)

    with monkeypatch.context() as patched, ThreadPoolExecutor(2) as pool:
        patched.setattr(replay_module, "receipt", receipt)
        done = [pool.submit(replayed, pipe) for _ in range(2)]
        assert [each.result().replayed for each in done] == [20, 20]
    assert replayed(pipe) == Replay(before=20)
    pipe.drain(wire=UPGRADED)
    report = pipe.assert_right(60, wire=UPGRADED)
    assert (report.applied, report.duplicates, report.dead_letters) == (20, 20, 20)


def test_a_letter_whose_partition_is_no_more_is_not_replayed_and_holds_up_no_other(pipe: Pipe):
    """A topic made anew with fewer partitions. Into another partition, a replay that dies before
    its receipt could count twice: its event id is known in one partition alone."""
    pipe.send(pipe.events(3))
    records = list(read_log(pipe.settings.kafka, pipe.settings.topic))
    s = pipe.settings
    letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
    letters.publish([(r, "older rules") for r in (records[0]._replace(partition=7), *records)], [])
    letters.close()
    done = replayed(pipe)
    assert (done.replayed, done.bad.total()) == (3, 1)
    assert next(iter(done.bad)).startswith(f"{s.topic} has no partition 7 any more")
    assert [letter.partition for letter in pipe.letters() if not letter.replayed] == [7]
    pipe.drain()
    assert pipe.assert_right(6).applied == 3


class Stricter(Wire):
    """A program of older rules: no more than 100 points an event."""

    def decode(self, value: bytes | None, headers: Headers = ()) -> Event | BadRecord:
        event = super().decode(value, headers)
        if isinstance(event, PlayerScored) and event.points > 100:
            return BadRecord("points: expected at most 100")
        return event


def test_records_that_older_rules_refused_count_once_after_replays_and_a_rebuild(pipe: Pipe):
    """The replay brings the scores at once; the rebuild takes the records for what they are now."""
    pipe.send(pipe.events(300))
    pipe.drain(wire=Stricter(known()))
    bad = len(pipe.letters())
    assert bad > 10
    assert replayed(pipe, local_wire()) == Replay(replayed=bad)
    assert replayed(pipe, local_wire()) == Replay(before=bad)
    pipe.drain()
    places = {difference.where for difference in pipe.verify().differences}
    assert places == {"processed:counts dead_letters", "processed:counts duplicates"}
    pipe.rebuild()
    report = pipe.assert_right(300 + bad)
    assert (report.applied, report.duplicates, report.dead_letters) == (300, bad, 0)
    assert replayed(pipe, local_wire()) == Replay(before=bad)


def _die(_letter: object) -> None:
    raise StageError("killed")


def test_a_letter_keeps_the_headers_of_its_record(pipe: Pipe):
    """All but those without value, which the client can not send; ours are told apart by name."""
    own = [("topic", b"mine"), (HEADER, b"7"), ("error", b"\xff"), (HEADER, b"8")]
    with Producer(pipe.settings.kafka, pipe.settings.topic) as producer:
        producer.send_raw(b"junk", b"k", own)
    (record,) = read_log(pipe.settings.kafka, pipe.settings.topic)
    s = pipe.settings
    letters = DeadLetters(s.kafka, s.dead_letter_topic, s.late_topic)
    letters.publish([(record._replace(headers=[*record.headers, ("nothing", None)]), "why")], [])
    letters.close()
    (letter,) = pipe.letters()
    assert (letter.headers, letter.error, letter.topic) == (own, "why", pipe.settings.topic)
