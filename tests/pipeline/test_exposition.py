"""A stage's metrics over HTTP."""

import httpx
import pytest
from prometheus_client import CollectorRegistry

from leaderboard.errors import ServersError
from leaderboard.pipeline.exposition import exposed
from leaderboard.pipeline.metrics import OUTCOMES
from leaderboard.stack.ports import HOST, free_port, taken

METRIC = OUTCOMES["applied"]


def test_prometheus_gets_the_format_it_asks_for():
    registry, port = CollectorRegistry(), free_port()
    METRIC.counter(registry).inc(5)
    url = f"http://{HOST}:{port}/metrics"
    modern = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4"}

    with exposed(registry, HOST, port):
        plain, open_metrics = httpx.get(url), httpx.get(url, headers=modern)

    assert f"\n{METRIC.name} 5.0\n" in plain.text
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert f"\n{METRIC.name} 5.0" in open_metrics.text
    assert open_metrics.text.endswith("# EOF\n")
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")


def test_the_port_is_given_back():
    port = free_port()
    for _ in range(2):
        with exposed(CollectorRegistry(), HOST, port):
            assert taken(port)
    assert not taken(port)


def test_without_a_port_nothing_listens():
    with exposed(CollectorRegistry(), "no.such.host.invalid", None):
        pass


def test_any_free_port_is_told_in_the_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    with exposed(CollectorRegistry(), HOST, 0):
        url = caplog.messages[-1].removeprefix("metrics at ")
        assert httpx.get(url).status_code == 200


def test_a_taken_port_says_so():
    port = free_port()
    with (
        exposed(CollectorRegistry(), HOST, port),
        pytest.raises(ServersError, match=rf"{HOST}:{port}: something else listens") as caught,
        exposed(CollectorRegistry(), HOST, port),
    ):
        pass
    assert "--metrics-port" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_of_another_machine_says_so():
    with (
        pytest.raises(ServersError, match=r"192\.0\.2\.1:9101: .*check --metrics-host"),
        exposed(CollectorRegistry(), "192.0.2.1", 9101),
    ):
        pass
