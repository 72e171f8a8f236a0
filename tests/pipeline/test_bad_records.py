"""Ten thousand bad records on a real topic: none stops the processor, each is kept, once."""

import os
from collections import Counter

import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from leaderboard.errors import ServersError
from leaderboard.model import oracle
from leaderboard.pipeline.producer import Producer
from tests.model.test_wire import schema_text
from tests.pipeline.bad_records import generate
from tests.pipeline.pipes import Pipe

SEED = int(os.environ.get("FAULT_SEED", "1"))
RECIPES = 1600


def test_ten_thousand_bad_records_of_any_kind(pipe: Pipe):
    """Among them some that are good after all; the oracle says which. Another seed: FAULT_SEED."""
    records = generate(SEED, RECIPES)
    bad = [value for value, headers in records if oracle.read(value, headers, schema_text) is None]
    assert len(bad) >= 10_000
    pipe.send(pipe.events(100))
    with Producer(pipe.settings.kafka, pipe.settings.topic, throughput=True) as producer:
        for number, (value, headers) in enumerate(records):
            producer.send_raw(value, b"%d" % number, headers)
    pipe.send(pipe.events(100, seed=2))

    totals = pipe.drain().totals

    report = pipe.assert_right(len(records) + 200)
    assert report.dead_letters == totals.dead_letters == len(bad)
    assert Counter(letter.value for letter in pipe.letters()) == Counter(bad)


def test_a_record_of_10_mb_is_refused_by_kafka_and_harms_nothing(pipe: Pipe):
    huge = b"x" * (10 << 20)
    pipe.send(pipe.events(50))
    with pytest.raises(ServersError, match="takes no record"):
        pipe.send_raw(huge)
    with (
        KafkaProducer(
            bootstrap_servers=pipe.settings.kafka, max_request_size=2 * len(huge)
        ) as careless,
        pytest.raises(MessageSizeTooLargeError),
    ):
        careless.send(pipe.settings.topic, huge).get(timeout=30)
    pipe.send(pipe.events(50, seed=2))

    pipe.drain()

    pipe.assert_right(100)
