"""A running stack and a Prometheus that watches it."""

from collections.abc import Iterator

import httpx
import pytest
from kafka.admin import KafkaAdminClient
from msgspec import Struct
from websockets.sync.client import connect

from leaderboard import stack
from leaderboard.settings import Settings
from leaderboard.stack.ports import HOST, free_port
from tests.cli.commands import Child, child
from tests.conftest import names_of_its_own
from tests.monitoring.prometheus_server import Prometheus


class Watched(Struct):
    """API, processor and producer as processes, and the server that scrapes them."""

    settings: Settings
    processor: Child
    producer: Child
    prometheus: Prometheus


@pytest.fixture(scope="module")
def watched(
    servers: stack.Servers, admin: KafkaAdminClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """The stack with some traffic: a player asked for, a WebSocket client that stays."""
    ports = {stage: free_port() for stage in ("process", "produce")}
    options = {stage: ("--metrics-port", str(port)) for stage, port in ports.items()}
    with (
        names_of_its_own(servers, admin) as settings,
        child(settings, "serve", "--port", "0") as api,
        child(settings, "process", *options["process"]) as processor,
        child(settings, "produce", "--rate", "100", *options["produce"]) as producer,
    ):
        url = str(api.hear("ready")["url"])
        processor.hear("metrics")
        producer.hear("metrics")
        httpx.get(f"{url}/api/leaderboard", timeout=30)
        targets = {
            "leaderboard-api": url.removeprefix("http://"),
            "leaderboard-processor": f"{HOST}:{ports['process']}",
            "leaderboard-producer": f"{HOST}:{ports['produce']}",
        }
        with (
            Prometheus(tmp_path_factory.mktemp("prometheus"), targets) as prometheus,
            connect(f"{url.replace('http', 'ws')}/ws", proxy=None) as client,
        ):
            client.recv(60)
            yield Watched(settings, processor, producer, prometheus)
