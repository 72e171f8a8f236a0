"""What a record's bytes are: an event in JSON, or in Avro of a schema that the record names. Pure.

Three ways stand side by side in one topic:

- JSON, without any sign;
- Avro in Confluent's wire format: a byte 0, the schema id in four bytes (big-endian), the body;
- Avro with the schema id as digits in the record header `schema-id`; the value is the body alone.

The header is looked at first, since a body may begin with a byte 0; of several the last counts.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from leaderboard.model.avro import Find, Schema, Schemas, Unknown
from leaderboard.model.events import (
    BAD_YEAR,
    MAX_YEAR,
    MIN_YEAR,
    MOST_DEPTH,
    MOST_REASON,
    NO_JSON,
    TOO_DEEP,
    BadRecord,
    Event,
    GameEvent,
    decode,
    encode,
    from_json,
    is_too_deep,
    no_event,
)

HEADER = "schema-id"
"""The record header that may name the schema of an Avro body."""

SMALL = 2 * MOST_DEPTH
"""Bytes in which no record can have too many levels."""

MAGIC = b"\x00"
PREFIX_BYTES = 5
MOST_DIGITS = 10

Headers: TypeAlias = Iterable[tuple[str, bytes | None]]
Encode: TypeAlias = Callable[[GameEvent], tuple[bytes, list[tuple[str, bytes]]]]
"""Makes the value and the headers of an event's record."""


class Wire:
    """Reads records.

    Parameters
    ----------
    schemas
        The versions this program knows.
    find
        Says what an id stands for, where it is not only these versions' own ids: a registry.

    Attributes
    ----------
    knows
        Which schemas this can read, as a word to keep beside what was counted with it: the newest
        version, and whether a registry was asked. `as_of` takes it back.
    """

    def __init__(self, schemas: Schemas, find: Find | None = None) -> None:
        self.schemas = schemas
        self.find = find or schemas.find
        self.knows = f"v{max(schemas.versions, default=0)}{'+registry' if find else ''}"

    def decode(self, value: bytes | None, headers: Headers = ()) -> Event | BadRecord:
        """The event of a record, or why there is none. Raises only what `find` raises."""
        if headers or not value or not value[0]:
            return self._decode_any(value, headers)
        try:  # as `events.decode`, without its call: it would cost JSON a tenth
            if not value.isascii():
                value.decode()
            event: Event = from_json(value)
        except NO_JSON as error:
            return no_event(error)
        if len(value) > SMALL and is_too_deep(value):
            return TOO_DEEP
        return event if MIN_YEAR <= event.timestamp.year <= MAX_YEAR else BAD_YEAR

    def _decode_any(self, value: bytes | None, headers: Headers) -> Event | BadRecord:
        named = schema_id(value, headers)
        if named is None or value is None:
            return decode(value)
        if isinstance(named, BadRecord):
            return named
        number, start = named
        schema = self.find(number)
        if not isinstance(schema, Schema):
            return BadRecord(schema.reason[:MOST_REASON])
        return schema.read(value, start)

    def as_of(self, knows: str) -> Find:
        """What ids stood for where a reader of that word met them.

        Raises
        ------
        ValueError
            when that reader could read more than this one: says what this one lacks.
        """
        word, _, registry = knows.partition("+")
        version = int(word[1:])
        if version > max(self.schemas.versions, default=0):
            raise ValueError(f"schema v{version}, which a newer program knew")
        older = self.schemas.up_to(version)
        if not registry:
            return older.find
        if self.find == self.schemas.find:
            raise ValueError("a schema registry (LEADERBOARD_SCHEMA_REGISTRY)")

        def find(number: int) -> Schema | Unknown:
            schema = self.find(number)
            if isinstance(schema, Schema) and schema.version > version:
                return Unknown(f"Schema id {number} is v{schema.version}, known was {knows}")
            return schema

        return find


def schema_id(value: bytes | None, headers: Headers) -> tuple[int, int] | BadRecord | None:
    """(schema id, where the body begins) of a record in Avro; None for one that is not.

    >>> schema_id(bytes([0, 0, 0, 1, 2, 99]), ())
    (258, 5)
    >>> schema_id(bytes([0, 99]), [("schema-id", b"258")])
    (258, 0)
    """
    texts = [text for name, text in headers if name == HEADER]
    if texts:
        text = texts[-1]
        if text is None or not text.isdigit() or len(text) > MOST_DIGITS:
            return BadRecord(
                f"Expected digits in the header `{HEADER}`, got {text!r}"[:MOST_REASON]
            )
        return int(text), 0
    if value is None or not value.startswith(MAGIC):
        return None
    if len(value) < PREFIX_BYTES:
        return BadRecord(f"Broken Avro: {len(value)} bytes hold no schema id")
    return int.from_bytes(value[1:PREFIX_BYTES]), PREFIX_BYTES


def json_encoder() -> Encode:
    """Events as JSON."""
    return lambda event: (encode(event), [])


def avro_encoder(schema: Schema, number: int) -> Encode:
    """Events as Avro in Confluent's wire format, under this schema id."""
    write, prefix = schema.writer(), MAGIC + number.to_bytes(4)
    return lambda event: (write(event, prefix), [])


def avro_header_encoder(schema: Schema, number: int) -> Encode:
    """Events as Avro with this schema id in the record's header."""
    write, header = schema.writer(), (HEADER, str(number).encode())
    return lambda event: (write(event, b""), [header])
