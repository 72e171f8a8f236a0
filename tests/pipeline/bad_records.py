"""Records as no producer of ours would send them: recipes by Hypothesis, each tried on every event.

Most of what comes out is bad; what is bad, the oracle says.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any, TypeAlias

import hypothesis
from hypothesis import strategies as st

from leaderboard.model.events import encode
from leaderboard.model.wire import HEADER, Headers, avro_encoder, avro_header_encoder, json_encoder
from leaderboard.pipeline.schemas import known
from tests.model.golden import EVENTS

Record: TypeAlias = tuple[bytes | None, Headers]

NEWEST = known().newest
WRITERS = (
    json_encoder(),
    avro_encoder(NEWEST, NEWEST.id),
    avro_header_encoder(NEWEST, NEWEST.id),
)
FIELDS: list[dict[str, Any]] = [
    *(json.loads(encode(event)) for event in EVENTS),
    {"event_type": "watermark_advanced", "event_id": "", "timestamp": "2026-01-01T00:00:00Z"},
]
NAMES = sorted({name for fields in FIELDS for name in fields})

names = st.sampled_from(NAMES)
wrong = st.sampled_from(
    [
        None, True, -1, 0, 1_000_001, 10**30, 0.5, 1e308, float("nan"), float("-inf"), "", "\0",
        "x" * 129, "\ud800", "1e2", [], {}, {"points": 1}, "2026-01-01", "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "6f1c7d8e", "player_flew", "kill",
    ]
) | st.text(max_size=8)  # fmt: skip
nested = st.sampled_from([1, 200, 255, 256, 300, 950, 995, 1100, 5000]).map(
    lambda levels: "[" * levels + "]" * levels
)
few_headers = st.lists(
    st.tuples(st.sampled_from([HEADER, "trace"]), st.sampled_from([b"", b"2000000002", b"\xff"])),
    max_size=2,
)


class Fields:
    """Fields missing, wrong, given twice or nested deeply; on every event in JSON."""

    strategy = st.tuples(
        st.lists(names, max_size=1), st.dictionaries(names, wrong, max_size=2),
        st.dictionaries(names, wrong, max_size=1), st.none() | nested, st.booleans(),
    )  # fmt: skip

    @staticmethod
    def records(recipe: tuple[Any, ...], ids: Iterator[int]) -> Iterator[Record]:
        missing, put, twice, extra, ascii = recipe
        for event in FIELDS:
            fields = event | {"event_id": f"{next(ids):032x}"} | put
            members = [
                f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=ascii)}"
                for name, value in (*fields.items(), *twice.items())
                if name not in missing
            ]
            members += [f'"extra": {extra}'] if extra else []
            yield "{{{}}}".format(", ".join(members)).encode(errors="surrogatepass"), []


class Bytes:
    """Bytes cut out, put in or replaced; on every event in JSON and in Avro."""

    strategy = st.tuples(
        st.integers(0, 100), st.integers(0, 100), st.binary(max_size=6) | st.just(b"\xed\xa0\x80")
    )

    @staticmethod
    def records(recipe: tuple[Any, ...], _ids: Iterator[int]) -> Iterator[Record]:
        at, until, noise = recipe
        for value, headers in (write(event) for write in WRITERS for event in EVENTS):
            start, end = sorted((at * len(value) // 100, until * len(value) // 100))
            yield value[:start] + noise + value[end:], headers


class Anything:
    """What has nothing of an event."""

    strategy = st.tuples(
        st.none() | st.binary(max_size=40) | nested.map(str.encode)
        | st.lists(wrong, max_size=2).map(lambda value: json.dumps(value).encode()),
        few_headers,
    )  # fmt: skip

    @staticmethod
    def records(recipe: tuple[Any, ...], _ids: Iterator[int]) -> Iterator[Record]:
        yield recipe


def generate(seed: int, recipes: int) -> list[Record]:
    """The records of so many recipes of each kind, each record once; same seed, same records."""
    made: list[Record] = []
    ids = count(1)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=recipes, database=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(Fields.strategy, Bytes.strategy, Anything.strategy)
    def make(fields: tuple[Any, ...], part: tuple[Any, ...], anything: Record) -> None:
        made.extend(Fields.records(fields, ids))
        made.extend(Bytes.records(part, ids))
        made.extend(Anything.records(anything, ids))

    make()
    return list({(value, tuple(headers)): (value, headers) for value, headers in made}.values())
