"""From files and settings to how records are read and written: the versions in `schemas/`.

Never here: what a body means (`model.avro`, `model.wire`), HTTP (`registry`).
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from leaderboard.errors import SchemaError
from leaderboard.model.avro import Schemas, parse
from leaderboard.model.wire import (
    Encode,
    Wire,
    avro_encoder,
    avro_header_encoder,
    json_encoder,
)
from leaderboard.pipeline.registry import Registry
from leaderboard.settings import Settings

FOLDER = Path(__file__).parents[1] / "schemas"
"""In the package, a link to the folder at the top: found wherever the package is installed."""

DECLARATION = "schemas.toml"
Level = Literal["BACKWARD", "FORWARD", "FULL"]
LEVELS: tuple[Level, ...] = ("BACKWARD", "FORWARD", "FULL")


def load(folder: Path = FOLDER) -> Schemas:
    """Every version in `folder`: v1.avsc, v2.avsc, ... without a gap.

    Raises
    ------
    SchemaError
        when one is missing, can not be read, or is no schema of our events.
    """
    files = {
        int(match[1]): path
        for path in folder.glob("v*.avsc")
        if (match := re.fullmatch(r"v([1-9]\d*)\.avsc", path.name))
    }
    if sorted(files) != list(range(1, len(files) + 1)) or not files:
        raise SchemaError(f"{folder}: expected v1.avsc, v2.avsc, ..., got versions {sorted(files)}")
    try:
        return Schemas({v: parse(v, path.read_text("utf-8")) for v, path in files.items()})
    except (OSError, ValueError) as error:
        raise SchemaError(f"{folder}: {error}") from error


def declared(folder: Path = FOLDER) -> Level:
    """The compatibility that each version must have with the one before it.

    Raises
    ------
    SchemaError
        when the declaration is missing or is none of `LEVELS`.
    """
    path = folder / DECLARATION
    try:
        level = tomllib.loads(path.read_text("utf-8"))["compatibility"]
    except (OSError, KeyError, ValueError) as error:
        raise SchemaError(f'{path}: expected compatibility = "...", got {error!r}') from error
    if level not in LEVELS:
        raise SchemaError(f"{path}: expected one of {', '.join(LEVELS)}, got {level!r}")
    return level  # type: ignore[no-any-return]  # just compared


@cache
def known() -> Schemas:
    """The versions this program knows. Raises as `load`."""
    return load()


@cache
def local_wire() -> Wire:
    """Reads records with the known versions and no registry. Raises as `load`."""
    return Wire(known())


def wire_of(settings: Settings) -> Wire:
    """Reads records as `settings` say: with the registry they name, if any. Raises as `load`."""
    if not settings.schema_registry:
        return local_wire()
    registry = Registry(settings.schema_registry, known())
    return Wire(known(), registry.find)


def encoder_of(settings: Settings) -> Encode:
    """Writes events as `settings` say; for Avro the newest version, registered if need be.

    Raises
    ------
    RegistryError
        when the registry is away or refuses the schema.
    """
    if settings.event_format == "json":
        return json_encoder()
    newest = known().newest
    number = newest.id
    if settings.schema_registry:
        with Registry(settings.schema_registry, known()) as registry:
            number = registry.id_of(newest, f"{settings.topic}-value")
    make = avro_encoder if settings.event_format == "avro" else avro_header_encoder
    return make(newest, number)
