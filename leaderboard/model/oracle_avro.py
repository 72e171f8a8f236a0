"""The oracle's own reading of Avro: byte by byte, by the specification, strict, without a library.

Shares no code with `avro` and `wire`. What it makes of a body is (field, value) pairs as those of
an event in JSON; whether they are an event is for `oracle` to say.

https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any


def avro_schema_id(
    value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> tuple[int, bytes] | None:
    """(schema id, body) of a record in Avro, None for another one; id -1 where it is unreadable."""
    last = dict(headers)
    if value is not None and "schema-id" in last:
        text = last["schema-id"] or b""
        return (int(text), value) if re.fullmatch(rb"[0-9]{1,10}", text) else (-1, value)
    if value is None or value[:1] != b"\0":
        return None
    return (int.from_bytes(value[1:5], "big"), value[5:]) if len(value) >= 5 else (-1, b"")


def avro_pairs(schema_text: str, body: bytes) -> list[tuple[str, Any]] | None:
    """The fields in `body` in their order, `event_type` first; None when the body is broken."""
    reader = _Reader(body)
    try:
        name, fields = _records(schema_text)[reader.place()]
        pairs = [("event_type", name)]
        pairs += [(field, reader.value(kind)) for field, kind in fields]
    except (EOFError, IndexError, ValueError, OverflowError):
        return None
    return pairs if reader.at == len(body) else None


@lru_cache
def _records(schema_text: str) -> list[tuple[str, list[tuple[str, Any]]]]:
    """(event type, [(field, type)]) of each record of the union."""
    return [
        (
            re.sub("(?<=.)(?=[A-Z])", "_", record["name"]).lower(),
            [(field["name"], field["type"]) for field in record["fields"]],
        )
        for record in json.loads(schema_text)
    ]


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def value(self, kind: Any) -> Any:
        match kind:
            case "string":
                return self.text()
            case "int" | "long":
                return self.number()
            case {"type": "enum", "symbols": symbols}:
                return symbols[self.place()]
            case {"type": "long", "logicalType": "timestamp-micros"}:
                start = datetime(1970, 1, 1, tzinfo=UTC)
                return (start + timedelta(microseconds=self.number())).isoformat()
            case {"type": inner}:
                return self.value(inner)
        raise ValueError(f"{kind}: a type that no event has")

    def text(self) -> str:
        length = self.place()
        end = self.at + length
        if end > len(self.body):
            raise EOFError
        text = self.body[self.at : end].decode("utf-8")
        self.at = end
        return text

    def place(self) -> int:
        number = self.number()
        if number < 0:
            raise ValueError(f"{number}: expected a number from 0")
        return number

    def number(self) -> int:
        total = 0
        for place in range(10):
            byte = self.body[self.at]
            self.at += 1
            total += (byte % 128) * 128**place
            if byte < 128:
                break
        if byte >= 128 or (byte == 0 and place > 0) or total >= 2**64:
            raise ValueError("a number of more than 64 bits, or not in its shortest form")
        return total // 2 if total % 2 == 0 else -(total + 1) // 2
