"""Whether the topic is the one that Redis counted: a new one of the same name is another log.

Offsets can not tell once the new log reaches beyond the stored ones. Kafka gives each topic an id
of its own (KIP-516, since Kafka 2.8); the first one seen is kept in Redis beside the counts.
"""

import logging

from leaderboard.errors import OffsetGapError
from leaderboard.pipeline.consumer import Consumer
from leaderboard.store.writer import Writer

log = logging.getLogger(__name__)


class Lineage:
    """The id of `topic` for one consumer. Use from the consumer's thread."""

    def __init__(self, consumer: Consumer, topic: str, writer: Writer) -> None:
        self._consumer = consumer
        self._topic = topic
        self._writer = writer
        self._counted: str | None = None
        self._is_gone = False

    def settle(self) -> None:
        """Ask Kafka for the id now, and Redis for the one it counted.

        Raises
        ------
        OffsetGapError
            when they differ.
        StoreError
            when Redis is away.
        """
        here = self._consumer.topic_id(ask=True)
        if here is not None:
            self._counted = self._writer.claim_topic(here)
            self.check()

    def check(self) -> None:
        """Compare with what the client has learned by itself since (it asks every
        `consumer.METADATA_AGE_S`). No network.

        Raises `OffsetGapError` as `settle`.
        """
        here = self._consumer.topic_id()
        if self._counted is not None and (here is None) != self._is_gone:
            self._is_gone = here is None
            say = "is gone: there is nothing to read" if self._is_gone else "is there again"
            log.warning("topic %s %s", self._topic, say)
        if self._counted is not None and here not in (None, self._counted):
            raise OffsetGapError(
                f"topic {self._topic} was made anew: Redis counted the one with id "
                f"{self._counted}, this one has {here}. Nothing more is counted. To count the log "
                "as it is now from its start: `leaderboard rebuild`"
            )
