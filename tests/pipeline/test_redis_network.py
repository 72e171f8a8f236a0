"""Bad networks between the processor and Redis: after each one, verify finds all as it must be."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from leaderboard.cli.clients import connect_redis
from leaderboard.errors import StoreError
from leaderboard.model.fold import Record, fold
from leaderboard.model.tally import Book
from leaderboard.pipeline.declared import writer_of
from leaderboard.settings import Settings
from leaderboard.store.applying import Outcome
from leaderboard.store.keys import Keys
from tests.pipeline.pipes import Pipe
from tests.private_redis import PrivateRedis
from tests.proxy import Predicate, Proxy
from tests.recovery import Recovery
from tests.waiting import until

TIMEOUT_S = 0.5
"""Of the processor's Redis client; it is 5 s in the command, which would only make tests longer."""


@pytest.fixture
def proxy(settings: Settings) -> Iterator[Proxy]:
    with Proxy(settings.redis.removeprefix("redis://").split("/")[0]) as proxy:
        yield proxy


@pytest.fixture
def far(proxy: Proxy) -> Iterator[Redis]:
    """The command's client, behind the proxy."""
    with connect_redis(f"redis://{proxy.address}/0", TIMEOUT_S) as redis:
        yield redis


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


@pytest.fixture
def counting(settings: Settings) -> Predicate:
    """Whether a request is a call that counts: no other one names this key."""
    key = Keys(settings.key_prefix).board_counts.encode()
    return lambda request: key in request


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


def test_the_same_call_again_is_refused_and_changes_nothing(
    make_pipe: Callable[..., Pipe], far: Redis, proxy: Proxy, counting: Predicate
):
    """By the writer itself, without asking where Redis stands after the lost reply."""
    pipe = make_pipe(partitions=1)
    pipe.send(pipe.events(100))
    writer = writer_of(far, pipe.settings)
    records = [Record(offset, event) for offset, event in enumerate(pipe.events(100))]
    calls = [(0, run) for run in fold(records, 0, book=Book(writer.boards), watermark=None)]
    proxy.lose_replies(1, to=counting)
    with pytest.raises(StoreError):
        writer.apply(calls)

    again = writer.apply(calls)

    assert again == [Outcome(applied=False, stored=100)] * len(calls)
    pipe.assert_right(100)


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


@pytest.fixture
def pair(
    private_redis_factory: Callable[..., PrivateRedis],
) -> tuple[PrivateRedis, PrivateRedis]:
    """A primary, and its replica in sync."""
    primary, replica = (private_redis_factory(**{"repl-diskless-sync-delay": "0"}) for _ in "ab")
    follow(replica, primary)
    return primary, replica


def follow(replica: PrivateRedis, primary: PrivateRedis) -> None:
    with replica.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", str(primary.port))
        until(lambda: client.info("replication")["master_link_status"] == "up")


def test_a_primary_demoted_while_connections_to_it_stay_open(
    settings: Settings, pair: tuple[PrivateRedis, PrivateRedis], recovery: Recovery
):
    """As after a failover by DNS: only connections made anew get to the new primary."""
    old, new = pair
    pipe = Pipe(settings.with_(redis=new.url))
    with Proxy(f"127.0.0.1:{old.port}") as proxy:
        far = connect_redis(f"redis://{proxy.address}/0", TIMEOUT_S)
        with pipe.running(far, max_poll_records=20) as processor:
            pipe.send(pipe.events(300))
            until(lambda: processor.totals.applied >= 60)
            pipe.redis.execute_command("REPLICAOF", "NO", "ONE")
            proxy.target = f"127.0.0.1:{new.port}"
            pipe.send(pipe.events(300, seed=2))
            follow(old, new)
            with recovery("Redis: failover"):
                until(lambda: applied(pipe) == 600)
            until(lambda: sum(processor.positions.values()) == 600)
        far.close()
    pipe.assert_right(600)
    pipe.close()


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
