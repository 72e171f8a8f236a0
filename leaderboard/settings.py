"""All settings, read once. The only module that reads the environment."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from leaderboard.errors import SettingsError

PREFIX = "LEADERBOARD_"


def project_root() -> Path:
    """The checkout this package was installed from, else the current folder."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "pyproject.toml").exists() else Path.cwd()


class Settings(BaseSettings):
    """One frozen value; each field is the environment variable `LEADERBOARD_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    kafka: str = Field(
        "", description="external Kafka as host:port, or several by comma; empty: embedded"
    )
    redis: str = Field("", description="external Redis as redis://host:port/db; empty: embedded")
    data_dir: Path = Field(
        default_factory=lambda: project_root() / "data", description="where the servers keep data"
    )
    cache_dir: Path = Field(
        default_factory=lambda: project_root() / ".cache",
        description="where the servers' program files are kept, safe to delete",
    )
    kafka_port: int = Field(9092, ge=1024, le=65535, description="embedded Kafka's first choice")
    redis_port: int = Field(6379, ge=1024, le=65535, description="embedded Redis' first choice")
    api_port: int = Field(8000, ge=0, le=65535, description="API port; 0: any free one")

    topic: str = Field(
        "game-events", pattern=r"^[a-zA-Z0-9._-]{1,200}$", description="topic of the events"
    )
    group: str = Field("leaderboard-processor", min_length=1, description="consumer group")
    key_prefix: str = Field(
        "", pattern=r"^[\x21-\x7e]*$", description="put before every Redis key; empty: plain names"
    )
    partitions: int = Field(3, ge=1, le=256, description="partitions of a topic we create")
    boards_file: str = Field(
        "", description="TOML file that declares the boards; empty: the nine built-in ones"
    )
    retention_days: int = Field(7, ge=1, description="how long the topic keeps events")
    processed_ttl_hours: int = Field(
        24 * 8, ge=1, description="how long counted event ids are remembered, in hours"
    )

    event_format: Literal["json", "avro", "avro-header"] = Field(
        "json",
        description="how producers write events; Avro's schema id: before it, or in a header",
    )
    schema_registry: str = Field(
        "", description="registry with Confluent's REST protocol, as http://host:port; empty: none"
    )

    kafka_client: Literal["kafka-python", "confluent"] = Field(
        "kafka-python", description="what processors read with; confluent: an extra to install"
    )
    session_timeout_s: float = Field(
        6.0,
        ge=1,
        le=300,
        description="a processor silent for this long loses its partitions, in seconds",
    )

    idle_after_s: float = Field(
        60.0, ge=0, description="after how long an idle partition's watermark follows; 0: never"
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="other origins allowed to call the API, separated by commas; *: any"
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="how much is logged"
    )

    @field_validator("kafka")
    @classmethod
    def _host_port(cls, value: str) -> str:
        for part in filter(None, value.split(",")):
            host, _, port = part.rpartition(":")
            if not host or not port.isdigit():
                raise ValueError("expected host:port, or several separated by commas")
        return value

    @field_validator("redis")
    @classmethod
    def _redis_url(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected redis://host:port/db")
        return value

    @field_validator("schema_registry")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/?#]+(/[^?#]*)?", value):
            raise ValueError("expected http://host:port, with the path if there is one")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        origins = list(filter(None, value.split(","))) if isinstance(value, str) else value
        if not isinstance(origins, list | tuple):
            return origins
        for origin in origins:
            if origin != "*" and not re.fullmatch(r"https?://[^/]+", origin):
                raise ValueError(f"expected scheme://host[:port], got {origin!r}")
        return tuple(origins)

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Read the environment; `overrides` win.

        Raises
        ------
        SettingsError
            naming each wrong variable, what it was, and what was expected; also for a
            `LEADERBOARD_...` variable that is no setting (a misspelt one would be ignored).
        """
        known = {PREFIX + name.upper() for name in cls.model_fields}
        unknown = sorted(k for k in os.environ if k.startswith(PREFIX) and k not in known)
        if unknown:
            raise SettingsError(
                f"{', '.join(unknown)}: no such setting; known: {', '.join(sorted(known))}"
            )
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks the values
        except ValidationError as error:
            lines = [
                f"{PREFIX}{str(e['loc'][0]).upper()}={e['input']!r}: {e['msg']}"
                for e in error.errors()
            ]
            raise SettingsError("; ".join(lines)) from error

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.topic}.dead-letter"

    @property
    def late_topic(self) -> str:
        return f"{self.topic}.late"

    def with_(self, **changes: object) -> Self:
        """A copy with some fields changed, validated again."""
        return type(self)(**{**self.model_dump(), **changes})

    def environment(self) -> dict[str, str]:
        """These settings as variables, for a child process that must see the same."""
        dump = self.model_dump(mode="json")
        return {
            PREFIX + name.upper(): ",".join(value) if isinstance(value, list) else str(value)
            for name, value in dump.items()
        }
