"""Which schema version can read which, by Avro's rules of resolution.

The rules are Apache Avro's own code; ours is only the question and the answer in words.

https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from itertools import pairwise

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.errors import AvroException
from msgspec import Struct

from leaderboard.errors import SchemaError
from leaderboard.model.avro import Schemas
from leaderboard.pipeline.schemas import Level


class Step(Struct, frozen=True):
    """From one version to the next: what stands against each direction, empty where nothing does.

    `backward`: the new one reads what the old one wrote; `forward`: the old one reads the new.
    """

    old: int
    new: int
    backward: list[str]
    forward: list[str]

    def keeps(self, level: Level) -> bool:
        """Whether the step is compatible in the directions that `level` asks for."""
        return not (
            (level != "FORWARD" and self.backward) or (level != "BACKWARD" and self.forward)
        )


def steps(schemas: Schemas) -> list[Step]:
    """Every step between consecutive versions, oldest first.

    Raises
    ------
    SchemaError
        when a version is no schema by Avro's own rules.
    """
    texts = {version: schema.text for version, schema in schemas.versions.items()}
    return [
        Step(
            old, new,
            backward=obstacles(reader=texts[new], writer=texts[old]),
            forward=obstacles(reader=texts[old], writer=texts[new]),
        )
        for old, new in pairwise(texts)
    ]  # fmt: skip


def obstacles(reader: str, writer: str) -> list[str]:
    """Why `reader` can not read everything that `writer` writes, in order; empty when it can.

    Of a union each branch is asked for itself, so that the answer names it.
    """
    reading, writing = _parsed(reader), _parsed(writer)
    found = []
    for branch in getattr(writing, "schemas", [writing]):
        name = getattr(branch, "name", branch.type)
        target = _branch_of_that_name(reading, name)
        if target is None:
            found.append(f"the reader has no {name}")
            continue
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # theirs
        result = checker.get_compatibility(target, branch)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            kinds = ", ".join(sorted({i.value.replace("_", " ") for i in result.incompatibilities}))
            found.append(f"{name}: {kinds}: {', '.join(sorted(result.messages))}")
    return found


def _branch_of_that_name(schema: avro.schema.Schema, name: str) -> avro.schema.Schema | None:
    """The record of a union, or a schema that is no union; as Avro does, by unqualified name."""
    branches = getattr(schema, "schemas", None)
    if branches is None:
        return schema
    return next((b for b in branches if getattr(b, "name", b.type) == name), None)


def _parsed(text: str) -> avro.schema.Schema:
    try:
        return avro.schema.parse(text)
    except AvroException as error:
        raise SchemaError(f"no Avro schema: {error}") from error
