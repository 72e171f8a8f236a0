"""Where the servers are, and whether they are there. Starts nothing, loads no client library."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from leaderboard.errors import ServersDownError
from leaderboard.settings import Settings
from leaderboard.stack.ports import HOST, accepts
from leaderboard.stack.state import Server, read_state

EXTERNAL_TIMEOUT_S = 3.0
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379}


@dataclass(frozen=True)
class Servers:
    """Addresses as clients take them: `host:port` and a Redis URL; and whose the servers are."""

    kafka: str
    redis: str
    embedded_kafka: bool
    embedded_redis: bool


def external(settings: Settings) -> dict[str, str]:
    """The addresses the settings give, by server; empty for one that is embedded."""
    return {"kafka": settings.kafka, "redis": settings.redis}


def connect(settings: Settings) -> Servers:
    """Where the servers are: a look at the state file, the processes and the ports.

    Raises
    ------
    ServersDownError
        when one of them is not there, with what to do.
    """
    return Servers(
        kafka=kafka_address(settings),
        redis=redis_url(settings),
        embedded_kafka=not settings.kafka,
        embedded_redis=not settings.redis,
    )


def kafka_address(settings: Settings) -> str:
    """Where Kafka is, as `host:port`, several separated by commas; raises as `connect` does."""
    if settings.kafka:
        check_external("kafka", settings.kafka)
        return settings.kafka
    return _embedded("kafka", settings.data_dir).address


def redis_url(settings: Settings) -> str:
    """Where Redis is, as a URL; raises as `connect` does."""
    if settings.redis:
        check_external("redis", settings.redis)
        return settings.redis
    return f"redis://{_embedded('redis', settings.data_dir).address}/0"


def status(settings: Settings) -> dict[str, object]:
    """Addresses, process ids and folders, ready for JSON; raises as `connect` does."""
    servers = connect(settings)
    state = read_state(settings.data_dir)
    ours = {"kafka": servers.embedded_kafka, "redis": servers.embedded_redis}
    return {
        "kafka": servers.kafka,
        "redis": servers.redis,
        "embedded": ours,
        "pids": {name: state.servers[name].process.pid for name in ours if ours[name]},
        "logs": {name: state.servers[name].log for name in ours if ours[name]},
        "data_dir": str(settings.data_dir),
    }


def check_external(name: str, address: str) -> None:
    """Raise ServersDownError when nothing listens at an address from the settings."""
    places = places_of(name, address)
    if places and not any(accepts(host, port, EXTERNAL_TIMEOUT_S) for host, port in places):
        raise ServersDownError(
            f"LEADERBOARD_{name.upper()}={shown(address)}: expected a server there, "
            "nothing answers; start it, or unset the variable to use the embedded one"
        )


def shown(address: str) -> str:
    """The address for people: without its password.

    >>> shown("redis://user:secret@cache:6379/0")
    'redis://user:***@cache:6379/0'
    """
    password = urlsplit(address).password
    return address.replace(f":{password}@", ":***@") if password else address


def places_of(name: str, address: str) -> list[tuple[str, int]]:
    """Hosts and ports of an external address; none for a socket file.

    >>> places_of("kafka", "one:9092,[::1]:9093")
    [('one', 9092), ('::1', 9093)]
    >>> places_of("redis", "rediss://:secret@cache/1")
    [('cache', 6379)]
    """
    if name == "kafka":
        pairs = (part.rpartition(":") for part in address.split(",") if part)
        return [(host.strip("[]"), int(port)) for host, _, port in pairs]
    url = urlsplit(address)
    default = DEFAULT_PORTS.get(url.scheme)
    return [(url.hostname or HOST, url.port or default)] if default else []


def _embedded(name: str, data_dir: Path) -> Server:
    server = read_state(data_dir).alive(name)
    if not server:
        raise ServersDownError(f"{name} does not run on {data_dir}; run `leaderboard up`")
    if not accepts(server.host, server.port):
        raise ServersDownError(
            f"{name} at {server.address} (process {server.process.pid}) does not answer; "
            "wait if it is just starting, else run `leaderboard down`, then `leaderboard up`"
        )
    return server
