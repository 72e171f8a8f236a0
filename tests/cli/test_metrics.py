"""The stages' --metrics-port, as processes."""

import pytest

from leaderboard.settings import Settings
from leaderboard.stack.ports import HOST, free_port
from tests.cli.commands import child, run
from tests.scraping import fetched
from tests.waiting import until

APPLIED = ("leaderboard_processor_applied_events_total", ())
ACKNOWLEDGED = ("leaderboard_producer_acknowledged_events_total", ())


def url(port: int) -> str:
    return f"http://{HOST}:{port}/metrics"


def test_two_processors_and_a_producer_on_one_machine(settings: Settings):
    """Each shows what it reports to its parent; together they show what there is."""
    ports: list[int] = []
    for _ in range(3):
        ports.append(free_port(avoid=frozenset(ports)))
    a, b, c = map(str, ports)
    with (
        child(settings, "process", "--metrics-port", a) as one,
        child(settings, "process", "--metrics-port", b) as two,
        child(settings, "produce", "--rate", "200", "--metrics-port", c) as producer,
    ):
        one.hear("metrics")
        two.hear("metrics")
        producer.hear("metrics")
        until(lambda: fetched(url(ports[2]))[ACKNOWLEDGED] > 100)
        producer.tell(pause=True)
        sent = producer.hear("metrics", paused=True, rate=0.0)["sent"]
        urls = [url(port) for port in ports[:2]]
        until(lambda: sum(fetched(u)[APPLIED] for u in urls) == sent)

        assert fetched(url(ports[2]))[ACKNOWLEDGED] == sent
        assert one.hear("metrics", applied=fetched(urls[0])[APPLIED])
        assert two.hear("metrics", applied=fetched(urls[1])[APPLIED])


@pytest.mark.parametrize("stage", ["process", "produce"])
def test_a_taken_port_is_one_line_and_status_1(settings: Settings, stage: str):
    port = str(settings.redis.rpartition(":")[2].partition("/")[0])

    refused = run(settings, stage, "--metrics-port", port)

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"cannot serve metrics on {HOST}:{port}: something else listens" in refused.stderr


def test_a_port_that_can_not_be_is_wrong_use(settings: Settings):
    wrong = run(settings, "process", "--metrics-port", "70000")
    assert (wrong.returncode, "--metrics-port" in wrong.stderr) == (2, True)


def test_a_drain_with_metrics_ends(settings: Settings):
    run(settings, "produce", "--events", "50", "--rate", "0")
    drained = run(settings, "process", "--drain", "--metrics-port", "0", "--show-every", "0")
    assert drained.returncode == 0
    assert "metrics at http://127.0.0.1:" in drained.stderr
