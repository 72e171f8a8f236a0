"""Records in JSON and in Avro: what is read from them; the oracle reads the same; golden bytes."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.model import oracle
from leaderboard.model.avro import FIRST_ID, Schema, Schemas, Unknown, parse
from leaderboard.model.events import EVENT_TYPES, BadRecord, Event, decode, encode
from leaderboard.model.fold import utc_text
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.wire import (
    HEADER,
    Headers,
    Wire,
    avro_encoder,
    avro_header_encoder,
    json_encoder,
)
from leaderboard.pipeline.schemas import known
from tests.model.golden import EVENTS

WIRE = Wire(known())
NEWEST = known().newest
CONFLUENT = avro_encoder(NEWEST, NEWEST.id)
IN_HEADER = avro_header_encoder(NEWEST, NEWEST.id)
PREFIX = b"\0" + NEWEST.id.to_bytes(4)


def schema_text(schema_id: int) -> str | None:
    schema = WIRE.find(schema_id)
    return schema.text if isinstance(schema, Schema) else None


def assert_agree(value: bytes | None, headers: Headers = ()) -> Event | BadRecord:
    """Our reader and the oracle take or refuse a record alike, and read the same from it."""
    ours, theirs = WIRE.decode(value, headers), oracle.read(value, headers, schema_text)
    assert isinstance(ours, BadRecord) == (theirs is None), (ours, theirs)
    if theirs is None:
        assert isinstance(ours, BadRecord)
        assert ours.reason
    else:
        assert not isinstance(ours, BadRecord)
        fields = {**msgspec.to_builtins(ours), "timestamp": utc_text(ours.timestamp)}
        assert fields.items() <= theirs.items()
    return ours


def simulated(n: int) -> list[Event]:
    profile = Profile(mix=dict.fromkeys(EVENT_TYPES, 1.0))
    return list(simulate(3, datetime(2026, 1, 1, tzinfo=UTC), n=n, profile=profile))


@pytest.mark.parametrize("encoder", [json_encoder(), CONFLUENT, IN_HEADER])
def test_events_survive_each_way_of_the_wire(encoder: Any):
    for event in [*simulated(300), *EVENTS]:
        assert assert_agree(*encoder(event)) == event


FAR = encode(EVENTS[0]).replace(b"2026-", b"9999-")


def test_json_is_read_as_ever():
    for event in simulated(20):
        assert WIRE.decode(encode(event), [("trace", b"1")]) == decode(encode(event)) == event
    for junk in (None, b"", b"{", b"null", b"\xff", b'{"a":"\xff"}', b"[" * 5000, FAR):
        assert WIRE.decode(junk) == WIRE.decode(junk, [("trace", None)]) == decode(junk)


# --- broken and wrong


def body(kind: str, **fields: Any) -> bytes:
    """A record of that event type with these values, right or not; enums as their numbers."""
    number, branch = next((n, b) for n, b in NEWEST.branches.items() if b.event.__name__ == kind)
    stream = BytesIO()
    stream.write(bytes([number]))
    schemaless_writer(stream, branch.record, fields)
    return stream.getvalue()


SCORED: dict[str, Any] = {
    "event_id": "6f1c7d8e-0000-4000-8000-000000000001",
    "timestamp": 1_767_225_600_000_000,
    "player_id": "player_001",
    "player_name": "NightHawk",
    "points": 100,
    "game_id": "game_alpha",
    "action": 0,
}
LAST = 253_370_764_799_999_999  # 9998-12-31T23:59:59.999999Z in microseconds


@pytest.mark.parametrize(
    ("field", "value", "good"),
    [
        ("event_id", "6F1C7D8E000040008000000000000001", True),
        ("event_id", "{6f1c7d8e-0000-4000-8000-000000000001}", False),
        ("event_id", "", False),
        ("timestamp", -1, False), ("timestamp", 0, True),
        ("timestamp", LAST, True), ("timestamp", LAST + 1, False),
        ("timestamp", 2**63 - 1, False), ("timestamp", -(2**63), False),
        ("player_id", "", False), ("player_id", "x" * 128, True), ("player_id", "x" * 129, False),
        ("player_id", "日" * 128, True), ("player_name", "\0", True),
        ("points", -1, False), ("points", 1_000_000, True), ("points", 1_000_001, False),
        ("action", 6, True), ("action", 7, False), ("action", -1, False),
    ],
)  # fmt: skip
def test_an_event_in_avro_obeys_the_rules_of_json(field: str, value: Any, good: bool):
    record = PREFIX + body("PlayerScored", **{**SCORED, field: value})
    assert isinstance(assert_agree(record), BadRecord) != good


GOOD = body("PlayerScored", **SCORED)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"\0", "no schema id"),
        (b"\0\0\0\0", "no schema id"),
        (b"\0\0\0\0\7" + GOOD, f"Unknown schema id 7, known here: {FIRST_ID} (v1), {FIRST_ID + 1}"),
        (b"\0" + (FIRST_ID + 2).to_bytes(4) + GOOD, f"Unknown schema id {FIRST_ID + 2}"),
        (b"\0" + FIRST_ID.to_bytes(4) + b"\x06" + GOOD[1:], "names no event type"),
        (PREFIX, "names no event type"),
        (PREFIX + b"\x01" + GOOD[1:], "names no event type"),
        (PREFIX + GOOD[:-1], "cut off"),
        (PREFIX + GOOD[:20], "Broken Avro"),
        (PREFIX + GOOD + b"\0", "longer than its event"),
        (PREFIX + b"\x80\x00" + GOOD[1:], "names no event type"),
        (PREFIX + b"\0\x47" + GOOD[2:], "Broken Avro"),  # a text of -36 bytes
        (PREFIX + GOOD.replace(b"Night", b"\xff\xfe\xfd\xfc\xfb"), "Broken Avro"),
    ],
)
def test_a_record_that_can_not_be_read_says_why(value: bytes, says: str):
    bad = assert_agree(value)
    assert isinstance(bad, BadRecord)
    assert says in bad.reason


@pytest.mark.parametrize("longer", [b"\x80\x00", b"\x80" * 8 + b"\x00", b"\x80" * 10 + b"\x01"])
def test_a_number_longer_than_it_need_be_is_broken(longer: bytes):
    """The library reads them, and of one of eleven bytes makes any number."""
    assert GOOD.endswith(b"\x00")  # the action, number 0
    bad = assert_agree(PREFIX + GOOD[:-1] + longer)
    assert isinstance(bad, BadRecord)
    assert "longer than its event" in bad.reason


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (str(NEWEST.id).encode(), True), (str(FIRST_ID).encode(), True), (b"7", False),
        (b"", False), (None, False), (b"two", False), (b"-1", False), (b"\xff", False),
        (b"+2000000002", False), ("\N{FULLWIDTH DIGIT TWO}".encode(), False), (b"9" * 5000, False),
    ],
)  # fmt: skip
def test_the_schema_id_in_a_header(header: bytes | None, good: bool):
    record = assert_agree(GOOD, [("trace", b"x"), (HEADER, header)])
    assert isinstance(record, BadRecord) != good
    if isinstance(record, BadRecord):
        assert len(record.reason) <= 500


def test_the_header_is_looked_at_before_the_bytes_and_the_last_one_counts():
    """A body may begin with the byte 0 of the other format."""
    assert GOOD.startswith(b"\0")
    right, wrong = (HEADER, str(NEWEST.id).encode()), (HEADER, b"7")
    assert not isinstance(assert_agree(GOOD, [wrong, right]), BadRecord)
    assert isinstance(assert_agree(GOOD, [right, wrong]), BadRecord)
    assert isinstance(assert_agree(None, [right]), BadRecord)
    assert isinstance(assert_agree(b"", [right]), BadRecord)
    assert isinstance(assert_agree(encode(EVENTS[0]), [right]), BadRecord)


texts = st.text(max_size=140)
int32, int64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
ids = st.uuids().map(str) | st.uuids().map(lambda u: u.hex) | texts


@given(
    st.fixed_dictionaries(
        {
            "event_id": ids, "timestamp": st.integers(-10, LAST + 10) | int64, "player_id": texts,
            "player_name": texts, "points": st.integers(-1, 1_000_001) | int32, "game_id": texts,
            "action": st.integers(-1, 8) | int32,
        }
    ),
    st.booleans(),
)  # fmt: skip
def test_reader_and_oracle_agree_on_any_values(fields: dict[str, Any], in_header: bool):
    value = body("PlayerScored", **fields)
    if in_header:
        assert_agree(value, [(HEADER, str(NEWEST.id).encode())])
    else:
        assert_agree(PREFIX + value)


@given(st.sampled_from(EVENTS), st.binary(max_size=30), st.integers(0, 110), st.booleans())
def test_reader_and_oracle_agree_on_mangled_bytes(event: Event, noise: bytes, at: int, cut: bool):
    value, headers = IN_HEADER(event)
    mangled = value[:at] + noise + (b"" if cut else value[at + len(noise) :])
    assert_agree(mangled, headers)
    assert_agree(PREFIX[: max(at - 100, 0) or 5] + mangled)


@given(st.binary(max_size=200), st.none() | st.binary(max_size=12) | st.integers(0).map(str))
def test_reader_and_oracle_agree_on_any_bytes(value: bytes, header: Any):
    text = header.encode() if isinstance(header, str) else header
    assert_agree(value)
    assert_agree(value, [(HEADER, text)])
    assert_agree(PREFIX + value)


# --- what was known when


V1_ONLY = known().up_to(1)


def test_a_version_that_is_not_known_yet_is_bad_and_an_older_event_is_not():
    old = Wire(V1_ONLY)
    assert isinstance(old.decode(CONFLUENT(EVENTS[0])[0]), BadRecord)
    v1 = known().versions[1]
    assert old.decode(avro_encoder(v1, v1.id)(EVENTS[0])[0]) == EVENTS[0]
    with pytest.raises(ValueError, match="schema v1 has no MatchFinished"):
        avro_encoder(v1, v1.id)(EVENTS[3])


def test_ids_stand_for_what_they_stood_for_then():
    find = WIRE.as_of("v1")
    assert isinstance(find(FIRST_ID), Schema)
    assert isinstance(find(FIRST_ID + 1), Unknown)
    assert isinstance(WIRE.as_of("v0")(FIRST_ID), Unknown)
    assert WIRE.knows == "v2"
    with pytest.raises(ValueError, match="v3"):
        WIRE.as_of("v3")
    with pytest.raises(ValueError, match="LEADERBOARD_SCHEMA_REGISTRY"):
        WIRE.as_of("v2+registry")


def test_with_a_registry_too():
    def find(number: int) -> Schema | Unknown:
        return known().versions.get(number - 100, Unknown("not in the registry"))

    wire = Wire(known(), find)
    assert wire.knows == "v2+registry"
    assert isinstance(wire.as_of("v2+registry")(102), Schema)
    assert isinstance(wire.as_of("v1+registry")(101), Schema)
    assert isinstance(wire.as_of("v1+registry")(102), Unknown)
    assert isinstance(wire.as_of("v2")(102), Unknown), "no registry was asked then"
    assert isinstance(wire.as_of("v2")(FIRST_ID + 1), Schema)


# --- schemas that are none of ours


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "5", "null", '"int"', "[]x", '{"type": "record"}', '[{"type": "record"}]',
        '[{"type": "record", "name": "Ghost", "fields": []}]',
        '[{"type": "record", "name": "PlayerJoined", "fields": [{"name": "x", "type": "bytes"}]}]',
        '[{"type": "record", "name": "PlayerJoined", "fields": [{"name": "x"}]}]',
    ],
)  # fmt: skip
def test_a_schema_of_something_else_is_refused(text: str):
    with pytest.raises(ValueError, match="schema v7"):
        parse(7, text)
    assert known().like(text) is None


def test_a_schema_is_known_by_what_it_reads_not_by_its_text():
    registered = json.dumps(json.loads(NEWEST.text), indent=None, separators=(",", ":"))
    assert known().like(registered) is NEWEST
    other = json.loads(NEWEST.text)
    other[0]["fields"][0]["name"] = "id"
    assert known().like(json.dumps(other)) is None
    assert Schemas({}).like(registered) is None
