"""What could be read at each place of the log, for the verifier.

A record of a schema that was unknown then is a dead letter for ever in what was counted, however
well it can be read now; so Redis keeps from which offset on which schemas were known.
"""

from bisect import bisect_right
from collections.abc import Callable

from leaderboard.errors import VerifyError
from leaderboard.model.avro import Find, Schema
from leaderboard.model.wire import Wire

NOTHING = "v0"
"""What was known before anything was noted: JSON alone."""


class Knowledge:
    """Schemas by place; `spans` as `State.schemas`.

    Raises
    ------
    VerifyError
        when records were counted with schemas or a registry that `wire` lacks.
    """

    def __init__(self, wire: Wire, spans: dict[int, list[tuple[int, str]]]) -> None:
        self._spans = {
            p: sorted([(0, NOTHING), *of_one], key=_offset) for p, of_one in spans.items()
        }
        words = {knows for of_one in self._spans.values() for _, knows in of_one}
        try:
            self._texts = {knows: _text_of(wire.as_of(knows)) for knows in words}
        except ValueError as error:
            raise VerifyError(f"the log was counted with {error}: verify with that too") from error

    def schema_text(self, partition: int, offset: int) -> Callable[[int], str | None]:
        """What an id stood for there: the schema as text, None for an unknown one."""
        spans = self._spans[partition]
        return self._texts[spans[bisect_right(spans, offset, key=_offset) - 1][1]]


def _offset(span: tuple[int, str]) -> int:
    return span[0]


def _text_of(find: Find) -> Callable[[int], str | None]:
    def text(schema_id: int) -> str | None:
        schema = find(schema_id)
        return schema.text if isinstance(schema, Schema) else None

    return text
