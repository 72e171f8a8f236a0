"""Events as Avro: one schema version, prepared once to read and write bodies. Pure.

An event in Avro obeys the rules of one in JSON, and one rule more: every number is written in its
shortest form and nothing follows the event, so that one event has one body. (The library takes
longer forms, and makes any number of one that is too long.)

Never here: where a body comes from and which schema it names (`wire`), files, the registry.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, TypeAlias, get_args

import msgspec
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException, to_parsing_canonical_form
from msgspec import Struct

from leaderboard.model.events import (
    BAD_YEAR,
    MAX_YEAR,
    MIN_YEAR,
    MOST_REASON,
    BadRecord,
    Event,
    GameEvent,
)

FIRST_ID = 2_000_000_001
"""Schema id of version 1, then counted up: registries count from 1, so the two never meet."""

_EVENTS: dict[str, type[GameEvent]] = {event.__name__: event for event in get_args(GameEvent)}
_NUMBERS = ("int", "long")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime(MIN_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime(MAX_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND - 1
_BROKEN = (LookupError, TypeError, ValueError, RecursionError, SchemaParseException)


class Branch(Struct, frozen=True):
    """One event type of a schema version.

    `record` is its schema without logical types and with enums as the numbers they are on the
    wire: the library would take a negative one, and texts for ids that JSON refuses.
    """

    event: type[GameEvent]
    record: Any
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    symbols: dict[str, tuple[str, ...]]

    def size(self, record: Mapping[str, Any]) -> int:
        """Bytes of the shortest body that holds `record`."""
        size = 0
        for name in self.texts:
            text = record[name]
            length = len(text) if text.isascii() else len(text.encode())
            size += length + (1 if length < 64 else _width(length))
        for name in self.numbers:
            size += _width(record[name])
        return size


def _width(number: int) -> int:
    """Bytes of an Avro int or long: zigzag, then seven bits a byte.

    >>> [_width(n) for n in (0, -64, 63, 64, -65, 2**63 - 1)]
    [1, 1, 1, 2, 2, 10]
    """
    zigzag = number << 1 if number >= 0 else ~(number << 1)
    return (zigzag.bit_length() + 6) // 7 or 1


class Schema(Struct, frozen=True):
    """One version of the event schema: a union of records, one per event type.

    `text` is the schema as its file has it; `canonical` is equal for all texts that read the same.
    """

    version: int
    text: str
    canonical: str
    branches: dict[int, Branch]

    @property
    def id(self) -> int:
        """The id that records carry where no registry gives one."""
        return FIRST_ID + self.version - 1

    def read(self, raw: bytes, start: int = 0) -> Event | BadRecord:
        """The event whose body is `raw` from `start` on, or why there is none. Never raises."""
        branch = self.branches.get(raw[start]) if start < len(raw) else None
        if branch is None:
            return self._broken("it names no event type")
        stream = BytesIO(raw)
        stream.seek(start + 1)
        try:
            record: Any = schemaless_reader(stream, branch.record, None)
        except (EOFError, IndexError, ValueError) as error:
            return self._broken(str(error) or "it is cut off")
        if start + 1 + branch.size(record) != len(raw):
            return self._broken("it is longer than its event")
        for name, symbols in branch.symbols.items():
            if not 0 <= record[name] < len(symbols):
                return self._broken(f"no `{name}` has the number {record[name]}")
            record[name] = symbols[record[name]]
        if not _FIRST <= record["timestamp"] <= _LAST:
            return BAD_YEAR
        record["timestamp"] = _EPOCH + record["timestamp"] * _MICROSECOND
        try:
            return msgspec.convert(record, branch.event)
        except msgspec.ValidationError as error:
            return BadRecord(str(error)[:MOST_REASON])

    def _broken(self, how: str) -> BadRecord:
        return BadRecord(f"Broken Avro of schema {self.id} (v{self.version}): {how}"[:MOST_REASON])

    def writer(self) -> Callable[[GameEvent, bytes], bytes]:
        """A function of an event and what stands before its body; equal events, equal bytes.

        It raises `ValueError` for an event type that this version does not have.
        """
        numbers = {branch.event: number for number, branch in self.branches.items()}
        places = {
            branch.event: {
                name: {symbol: place for place, symbol in enumerate(symbols)}
                for name, symbols in branch.symbols.items()
            }
            for branch in self.branches.values()
        }

        def write(event: GameEvent, before: bytes = b"") -> bytes:
            kind = type(event)
            if kind not in numbers:
                raise ValueError(f"schema v{self.version} has no {kind.__name__}")
            record = msgspec.structs.asdict(event)
            record["event_id"] = str(event.event_id)
            record["timestamp"] = (event.timestamp - _EPOCH) // _MICROSECOND
            for name, place in places[kind].items():
                record[name] = place[record[name]]
            stream = BytesIO()
            stream.write(before)
            stream.write(bytes([numbers[kind]]))
            schemaless_writer(stream, self.branches[numbers[kind]].record, record)
            return stream.getvalue()

        return write


def parse(version: int, text: str) -> Schema:
    """The schema in `text`, as version `version`.

    Raises
    ------
    ValueError
        when it is no union of records of our events, with fields of text, number or enum.
    """
    try:
        union = json.loads(text)
        canonical = to_parsing_canonical_form(union)
        branches = {2 * place: _branch(record) for place, record in enumerate(union)}
    except _BROKEN as error:
        raise ValueError(f"schema v{version}: {type(error).__name__}: {error}") from error
    return Schema(version, text, canonical, branches)


def canonical(text: str) -> str | None:
    """What is equal for schemas that read the same, or None when `text` is no Avro schema."""
    try:
        return to_parsing_canonical_form(json.loads(text))
    except _BROKEN:
        return None


def _branch(record: dict[str, Any]) -> Branch:
    fields: list[dict[str, str]] = []
    texts: list[str] = []
    numbers: list[str] = []
    symbols: dict[str, tuple[str, ...]] = {}
    for field in record["fields"]:
        name, kind = field["name"], field["type"]
        if isinstance(kind, dict):
            if kind["type"] == "enum":
                symbols[name] = tuple(kind["symbols"])
            kind = "int" if kind["type"] == "enum" else kind["type"]
        if kind != "string" and kind not in _NUMBERS:
            raise ValueError(f"field {name}: expected string, int, long or enum, got {kind}")
        (texts if kind == "string" else numbers).append(name)
        fields.append({"name": name, "type": kind})
    plain = {"type": "record", "name": record["name"], "fields": fields}
    return Branch(
        _EVENTS[record["name"]], parse_schema(plain, named_schemas={}), tuple(texts),
        tuple(numbers), symbols,
    )  # fmt: skip


class Unknown(Struct, frozen=True):
    """A schema id that nobody here can read, and why."""

    reason: str


Find: TypeAlias = Callable[[int], Schema | Unknown]
"""Which schema an id stands for."""


class Schemas:
    """The versions that are known, by version; ids as `Schema.id`."""

    def __init__(self, known: Mapping[int, Schema]) -> None:
        self.versions = dict(sorted(known.items()))
        self._by_id = {schema.id: schema for schema in known.values()}

    @property
    def newest(self) -> Schema:
        """The highest version."""
        return self.versions[max(self.versions)]

    def up_to(self, version: int) -> "Schemas":
        """Only the versions up to this one, as an older program knew them."""
        return Schemas({v: s for v, s in self.versions.items() if v <= version})

    def find(self, schema_id: int) -> Schema | Unknown:
        """The schema of this id, or which ids there are."""
        schema = self._by_id.get(schema_id)
        if schema is not None:
            return schema
        known = ", ".join(f"{s.id} (v{v})" for v, s in self.versions.items()) or "none"
        return Unknown(f"Unknown schema id {schema_id}, known here: {known}")

    def like(self, text: str) -> Schema | None:
        """The known schema that reads the same as `text`."""
        wanted = canonical(text)
        return next((s for s in self.versions.values() if s.canonical == wanted), None)
