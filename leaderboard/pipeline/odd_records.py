"""What kafka-python 3.0.12 can not live with among records, and how it does here.

It loops for ever over what is left of records once one of them could not be unpacked: here they are
given up, so that the same ones are fetched anew. And it can not unpack a record with a header whose
name is no UTF-8: here such a name loses what is no ASCII.
"""

from typing import Any, Final

from kafka import KafkaConsumer
from kafka.consumer.fetcher import Fetcher
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.util import decode_varint

_read: Final = DefaultRecordBatch._read_msg


def forgiving(consumer: KafkaConsumer) -> KafkaConsumer:
    """The same consumer, which now reads odd records so."""
    consumer._fetcher.PartitionRecords = _Records
    return consumer


class _Records(Fetcher.PartitionRecords):  # type: ignore[misc]  # kafka-python ships no types
    def __init__(self, fetch_offset: int, tp: Any, records: Any, **options: Any) -> None:
        super().__init__(fetch_offset, tp, _Batches(records), **options)

    def take(self, n: int | None = None) -> list[Any]:
        try:
            found: list[Any] = super().take(n)
        except Exception:
            self.drain()
            raise
        return found


class _Batches:
    """Those of a fetch, each one forgiving."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches

    def next_batch(self) -> Any:
        batch = self._batches.next_batch()
        if type(batch) is DefaultRecordBatch:
            batch.__class__ = _Batch
        return batch


class _Batch(DefaultRecordBatch):  # type: ignore[misc]
    __slots__ = ()

    def _read_msg(self) -> Any:
        try:
            return _read(self)
        except UnicodeDecodeError:
            _make_readable(self._buffer, self._pos)
            return _read(self)


def _make_readable(buffer: bytearray, pos: int) -> None:
    """Put a question mark for what is no ASCII in the header names of the record at `pos`."""
    for _ in range(4):  # length, attributes, time, offset
        _, pos = decode_varint(buffer, pos)
    pos = _behind(buffer, _behind(buffer, pos))  # key, value
    headers, pos = decode_varint(buffer, pos)
    for _ in range(headers):
        size, start = decode_varint(buffer, pos)
        pos = start + size
        buffer[start:pos] = bytes(b if b < 0x80 else ord("?") for b in buffer[start:pos])
        pos = _behind(buffer, pos)  # its value


def _behind(buffer: bytearray, pos: int) -> int:
    """Where the bytes end that begin at `pos` with their number (-1: a null)."""
    size, pos = decode_varint(buffer, pos)
    return int(pos + max(size, 0))
