"""What `/api/pipeline` answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Partition(_Model):
    """Records `begin` <= offset < `end` are held. Lag counts records still to be read."""

    partition: int
    begin: int
    end: int
    committed: int | None = Field(description="next offset by the group's commit; null: none")
    committed_lag: int | None = Field(description="end minus committed; null: the group has none")
    stored: int | None = Field(
        description="next offset by Redis, which is what counts; null: nothing stored"
    )
    stored_lag: int | None = Field(description="end minus stored; null: nothing stored")


class Topic(_Model):
    """A topic with its partitions."""

    name: str
    partitions: list[Partition]


class Member(_Model):
    """A consumer of the group."""

    member_id: str
    client_id: str
    host: str
    partitions: dict[str, list[int]] = Field(description="what it reads, by topic")


class Group(_Model):
    """The processors' consumer group."""

    name: str
    state: str = Field(description="in Kafka's words: Stable, Empty, Dead (unknown), ...")
    members: list[Member]


class Record(_Model):
    """A record as text: JSON is indented, other bytes are escaped, long texts are cut."""

    partition: int
    offset: int
    timestamp: datetime
    key: str | None
    value: str | None
    headers: dict[str, str]


class Pipeline(_Model):
    """Kafka's side of the pipeline at one moment, and how far Redis has counted it."""

    read_at: datetime
    topics: list[Topic]
    group: Group
    topic: str = Field(description="the topic whose records are shown")
    records: list[Record] = Field(description="newest first")
    redis_problem: str = Field(description="why no stored offsets are known; empty: they are")
