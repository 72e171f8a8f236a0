"""A Kafka and a Valkey of the benchmarks' own, for all tests of one module."""

from collections.abc import Iterator

import pytest

from benchmarks.datasets import ZIPF, Topic, fill
from benchmarks.servers import Servers, servers


@pytest.fixture(scope="module")
def running() -> Iterator[Servers]:
    with servers() as found:
        yield found


@pytest.fixture(scope="module")
def topic(running: Servers) -> Topic:
    """A few events, and what the oracle says of them."""
    return fill(running.kafka, running.settings, ZIPF, 250)
