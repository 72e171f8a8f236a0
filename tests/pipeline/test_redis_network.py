"""Bad networks between the processor and Redis: after each one, verify finds all as it must be."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.cli.clients import connect_redis
from tests.pipeline.pipes import Pipe
from tests.proxy import Predicate, Proxy
from tests.recovery import Recovery
from tests.waiting import until

TIMEOUT_S = 0.5
"""Of the processor's Redis client; it is 5 s in the command, which would only make tests longer."""


@pytest.fixture
def proxy(pipe: Pipe) -> Iterator[Proxy]:
    with Proxy(pipe.settings.redis.removeprefix("redis://").split("/")[0]) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: Proxy) -> Iterator[Redis]:
    """The command's client, behind the proxy."""
    with connect_redis(f"redis://{proxy.address}/0", TIMEOUT_S) as redis:
        yield redis


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


@pytest.fixture
def counting(pipe: Pipe) -> Predicate:
    """Whether a request is a call that counts: no other one names this key."""
    return lambda request: pipe.keys.board_counts.encode() in request


@pytest.mark.parametrize("n", [1, 3])
def test_a_lost_reply_is_asked_anew_and_the_events_counted_once(
    pipe: Pipe, proxy: Proxy, far: Redis, counting: Predicate, recovery: Recovery, n: int
):
    """The call was applied: the processor asks where Redis stands, and goes on from there."""
    pipe.send(pipe.events(600))
    proxy.lose_replies(n, to=counting)
    with pipe.running(far, max_poll_records=100) as processor, recovery(f"{n} lost replies"):
        until(lambda: applied(pipe) == 600)
        until(lambda: sum(processor.positions.values()) == 600)
    assert proxy.lost == n
    assert processor.totals.applied < 600, "no reply was lost whose call had been applied"
    pipe.assert_right(600)


def test_a_call_sent_twice_is_refused_the_second_time(
    pipe: Pipe, proxy: Proxy, counting: Predicate
):
    """As by a client that retries, which the command's does not."""
    pipe.send(pipe.events(600))
    proxy.lose_replies(1, to=counting)
    with Redis.from_url(f"redis://{proxy.address}/0", retry=Retry(NoBackoff(), 1)) as retrying:
        processor = pipe.drain(retrying)
    assert proxy.lost == 1
    assert processor.totals.refused > 0
    pipe.assert_right(600)


def test_200_ms_away(pipe: Pipe, proxy: Proxy, far: Redis):
    proxy.latency_s = 0.1
    pipe.send(pipe.events(300))
    pipe.drain(far)
    pipe.assert_right(300)


def test_a_slow_link(pipe: Pipe, proxy: Proxy, far: Redis):
    """Slower than the time-out: what was sent is applied, though nobody waits for the reply."""
    proxy.bytes_per_s = 50_000
    pipe.send(pipe.events(1000))
    processor = pipe.drain(far)
    assert processor.totals.applied < 1000, "every reply came in time"
    pipe.assert_right(1000)


def test_resets_again_and_again(pipe: Pipe, proxy: Proxy, far: Redis, recovery: Recovery):
    with pipe.running(far, max_poll_records=50):
        for seed in range(10):
            pipe.send(pipe.events(100, seed))
            proxy.reset()
        with recovery("Redis: connections reset"):
            until(lambda: applied(pipe) == 1000)
    pipe.assert_right(1000)


@pytest.mark.parametrize("fault", ["half_open", "refusing"])
def test_cut_off_for_a_while(pipe: Pipe, proxy: Proxy, far: Redis, recovery: Recovery, fault: str):
    pipe.send(pipe.events(300))
    with pipe.running(far) as processor:
        until(lambda: applied(pipe) == 300)
        setattr(proxy, fault, True)
        proxy.reset()
        pipe.send(pipe.events(300, seed=2))
        until(lambda: not processor.positions)  # it has noticed
        assert applied(pipe) == 300
        proxy.heal()
        with recovery(f"Redis: {fault}"):
            until(lambda: applied(pipe) == 600)
    pipe.assert_right(600)
