"""Events on the wire: what decodes, what does not, and that the oracle agrees on both."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.model import oracle
from leaderboard.model.events import EVENT_TYPES, MOST_DEPTH, BadRecord, decode, encode
from leaderboard.model.fold import utc_text
from leaderboard.model.simulate import Profile, simulate
from leaderboard.model.wire import Wire
from leaderboard.pipeline.schemas import known

SCORED = {
    "event_type": "player_scored",
    "event_id": "6f1c7d8e-0000-4000-8000-000000000001",
    "timestamp": "2026-01-01T00:00:00+00:00",
    "player_id": "player_001",
    "player_name": "NightHawk",
    "points": 100,
    "game_id": "game_alpha",
    "action": "kill",
}


def raw(**changes: object) -> bytes:
    return json.dumps({**SCORED, **changes}).encode()


def assert_agree(value: bytes) -> None:
    """Our decoder and the oracle take or refuse `value` alike, and read the same from it."""
    ours, theirs = decode(value), oracle.read(value)
    assert isinstance(ours, BadRecord) == (theirs is None), (ours, theirs)
    if theirs is not None:
        assert not isinstance(ours, BadRecord)
        assert str(ours.event_id) == theirs["event_id"]
        assert utc_text(ours.timestamp) == theirs["timestamp"]


def test_simulated_events_survive_the_wire():
    profile = Profile(mix=dict.fromkeys(EVENT_TYPES, 1.0))
    for event in simulate(3, datetime(2026, 1, 1, tzinfo=UTC), n=500, profile=profile):
        assert decode(encode(event)) == event
        assert_agree(encode(event))


MATCH = {
    **{k: SCORED[k] for k in ("event_id", "timestamp", "player_id", "player_name", "game_id")},
    "event_type": "match_finished",
    "match_id": "match_0001",
    "result": "win",
    "kills": 7,
    "deaths": 0,
    "assists": 3,
}


def test_a_match_is_an_event():
    value = json.dumps(MATCH).encode()
    assert decode(value).result == "win"  # type: ignore[union-attr]  # a finished match
    assert_agree(value)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("result", "forfeit"), ("result", None), ("kills", -1), ("deaths", 10_001), ("assists", 1.0),
     ("match_id", ""), ("kills", True)],
)  # fmt: skip
def test_a_match_out_of_bounds_is_bad(field: str, wrong: object):
    value = json.dumps({**MATCH, field: wrong}).encode()
    assert isinstance(decode(value), BadRecord)
    assert_agree(value)


@pytest.mark.parametrize("missing", MATCH)
def test_a_match_lacking_any_field_is_bad(missing: str):
    value = json.dumps({k: v for k, v in MATCH.items() if k != missing}).encode()
    assert isinstance(decode(value), BadRecord)
    assert_agree(value)


@pytest.mark.parametrize("missing", SCORED)
def test_an_event_lacking_any_field_is_bad(missing: str):
    value = json.dumps({k: v for k, v in SCORED.items() if k != missing}).encode()
    assert isinstance(decode(value), BadRecord)
    assert_agree(value)


@pytest.mark.parametrize(
    "points", ["1.5", '"7"', "-100", "1e400", "NaN", "Infinity", "true", "null", "1e2", "1000001"]
)
def test_mistake_06_points_that_are_no_sound_whole_number_are_bad(points: str):
    value = raw().replace(b'"points": 100', f'"points": {points}'.encode())
    bad = decode(value)
    assert isinstance(bad, BadRecord)
    assert bad.reason
    assert_agree(value)


@pytest.mark.parametrize("points", [0, 1, 1_000_000])
def test_points_within_bounds_are_good(points: int):
    assert decode(raw(points=points)).points == points  # type: ignore[union-attr]  # a scored event


@pytest.mark.parametrize(
    "value",
    [
        None, b"", b"null", b"[]", b"{}", b"5", b"\xff\xfe", raw() + b"x", raw()[:-1],
        raw().decode().encode("utf-16"), raw(event_type="player_flew"), raw(event_type=None),
        raw(timestamp="2026-01-01T00:00:00"), raw(timestamp="1969-12-31T00:00:00Z"),
        raw(timestamp="9999-01-01T00:00:00Z"), raw(timestamp=1), raw(player_id=""),
        raw(player_id="x" * 129), raw(action="dance"), raw(event_id="1"),
        raw(player_name="\ud800"), raw(extra="\ud800"),
        raw().replace(b"{", b'{"extra": "\xff", '), raw().replace(b"{", b'{"points": "x", '),
        raw().replace(b"}", b', "event_type": "player_joined"}'),
    ],
)  # fmt: skip
def test_bad_records_are_values_with_a_reason(value: bytes | None):
    bad = decode(value)
    assert isinstance(bad, BadRecord)
    assert bad.reason
    assert oracle.read(value) is None


@pytest.mark.parametrize(
    "value",
    [
        raw(extra={"deep": [1, {"er": math.pi}]}), raw(timestamp="2026-01-01 00:00:00.5-23:59"),
        raw(event_id=SCORED["event_id"].upper()), raw(player_id="a/b:*?[é\n"),
        raw(timestamp="2026-01-01T00:00:00.1234565Z"), b" \n" + raw() + b"\t",
    ],
)  # fmt: skip
def test_odd_but_good_records(value: bytes):
    assert not isinstance(decode(value), BadRecord)
    assert_agree(value)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("extra", "good"),
    [
        (nested(MOST_DEPTH - 1), True), (nested(MOST_DEPTH), False),
        (f"[{', '.join(['[]'] * 1000)}]", True),
        ('{"a": ' * MOST_DEPTH + "1" + "}" * MOST_DEPTH, False),
        (f'["\\"{nested(1000)}", "{nested(1000)}"]', True),
        *((nested(levels), False) for levels in range(300, 1100, 50)),
        (nested(500_000), False),
    ],
)  # fmt: skip
def test_fields_we_do_not_know_may_nest_so_far_and_no_further(extra: str, good: bool):
    """Where Python's stack gives out is nobody's rule: it depends on who calls."""
    value = raw()[:-1] + f', "extra": {extra}}}'.encode()
    assert isinstance(decode(value), BadRecord) != good
    assert Wire(known()).decode(value) == decode(value)
    assert_agree(value)


json_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = json_scalars | st.lists(json_scalars, max_size=3)


@given(st.dictionaries(st.sampled_from([*SCORED, "extra"]), json_values, max_size=3))
def test_decoder_and_oracle_agree_on_mangled_fields(changes: dict[str, object]):
    assert_agree(raw(**changes))


@given(st.binary(max_size=80), st.integers(0, 250))
def test_decoder_and_oracle_agree_on_mangled_bytes(noise: bytes, at: int):
    value = raw()
    assert_agree(value[:at] + noise + value[at + len(noise) :])
