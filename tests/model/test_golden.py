"""Golden samples of every released schema version decode for ever; the versions never change."""

import json
from io import BytesIO
from typing import get_args

import avro.io
import avro.schema
import msgspec
import pytest
from fastavro.schema import fingerprint

from leaderboard.model.events import GameEvent, decode
from leaderboard.pipeline.schemas import known
from tests.model.golden import FOLDER
from tests.model.test_wire import NEWEST, assert_agree

FINGERPRINTS = {1: "3514109063ce8d9e", 2: "9ab76bdc36ea1cee"}
"""Of released versions: they never change."""


def golden(version: int) -> list[str]:
    return [p.stem for p in sorted(FOLDER.glob(f"v{version}-*.avro"))]


@pytest.mark.parametrize("version", known().versions)
def test_each_version_has_a_golden_sample_of_each_event_type(version: int):
    types = [b.event.__name__ for b in known().versions[version].branches.values()]
    assert golden(version) == sorted(f"v{version}-{name}" for name in types)


@pytest.mark.parametrize("name", [name for v in known().versions for name in golden(v)])
def test_golden_samples_decode_for_ever(name: str):
    """By our reader, by the oracle, and by Apache's own library from the file of the version."""
    value = (FOLDER / f"{name}.avro").read_bytes()
    told = (FOLDER / f"{name}.json").read_bytes()
    assert assert_agree(value) == decode(told)
    version = known().versions[int(name[1 : name.index("-")])]
    reader = avro.io.DatumReader(avro.schema.parse(version.text))
    theirs = reader.read(avro.io.BinaryDecoder(BytesIO(value[5:])))
    plain = {"event_type": json.loads(told)["event_type"], **msgspec.to_builtins(theirs)}
    assert decode(json.dumps(plain).encode()) == decode(told)


@pytest.mark.parametrize("version", FINGERPRINTS)
def test_a_released_version_never_changes(version: int):
    canonical = known().versions[version].canonical
    assert fingerprint(canonical, "CRC-64-AVRO") == FINGERPRINTS[version]


def test_every_version_is_released_and_the_newest_says_what_the_events_say():
    assert set(FINGERPRINTS) == set(known().versions)
    branches = {branch.event: branch for branch in NEWEST.branches.values()}
    assert set(branches) == set(get_args(GameEvent))
    for event, branch in branches.items():
        fields = {field.name: field.type for field in msgspec.inspect.type_info(event).fields}  # type: ignore[attr-defined]
        assert {*branch.texts, *branch.numbers} == set(fields)
        for name, symbols in branch.symbols.items():
            assert set(symbols) == set(fields[name].values)
