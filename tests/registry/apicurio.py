"""The registry contract on a real one: Apicurio Registry, fetched once (158 MB), on our own Java.

`make registry-test` runs this file; its name keeps it out of `make test`.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest

from leaderboard.settings import Settings
from leaderboard.stack import java
from leaderboard.stack.fetch import fetch
from leaderboard.stack.jars import Jar, Lock
from leaderboard.stack.launch import Job, Launched
from leaderboard.stack.ports import HOST, free_port
from tests.registry.contract import Contract

APP = Jar(
    "io.apicurio",
    "apicurio-registry-app",
    "3.3.3",
    "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63",
    158_577_952,
    classifier="all",
    packaging="tar.gz",
)
PROTOCOL = "/apis/ccompat/v7"


class Running(NamedTuple):
    """A registry that answers."""

    url: str
    pid: int


@pytest.fixture(scope="session")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A registry in memory on free ports; it dies with the test run, even if killed."""
    settings, folder = Settings.load(), tmp_path_factory.mktemp("apicurio")
    archive = fetch(Lock("apicurio", (APP,)), settings.cache_dir, print) / APP.filename
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    port = free_port()
    url = f"http://{HOST}:{port}{PROTOCOL}"
    job = Job("apicurio", command(folder, port), folder / "log", folder)
    with Launched([job], guard=True) as servers:
        servers.wait("apicurio", lambda: answers(url))
        yield Running(url, servers.processes["apicurio"].pid)


def command(folder: Path, port: int) -> list[str]:
    """Apicurio listens on this machine only, its management too."""
    places = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": port,
        "quarkus.management.host": HOST,
        "quarkus.management.port": free_port(avoid=frozenset({port})),
    }
    flags = [f"-D{name}={value}" for name, value in places.items()]
    return [
        str(java.java_program()), *java.SMALL, "-Xmx512m", *flags,
        "-jar", str(folder / "quarkus-run.jar"),
    ]  # fmt: skip


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/subjects", timeout=5).is_success
    except httpx.TransportError:
        return False


class TestApicurio(Contract):
    @pytest.fixture
    def registry_url(self, apicurio: Running) -> str:
        return apicurio.url

    def test_only_this_machine_reaches_it(self, apicurio: Running):
        sockets = psutil.Process(apicurio.pid).net_connections("inet")
        listening = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
        assert listening <= {HOST, f"::ffff:{HOST}"}
