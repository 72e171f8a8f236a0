"""Start, find and stop the servers of one data folder. The story of `leaderboard up`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from leaderboard.errors import ServersDownError, ServersError
from leaderboard.settings import Settings
from leaderboard.stack import kafka, valkey
from leaderboard.stack.launch import Job, Launched, stop_process, wait_for
from leaderboard.stack.ping import kafka_answers, redis_answers
from leaderboard.stack.ports import HOST, accepts, free_port
from leaderboard.stack.state import Server, State, read_state, write_state

log = logging.getLogger(__name__)

Report = Callable[[str], None]
ANSWERS = {"kafka": kafka_answers, "redis": redis_answers}
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379}


@dataclass(frozen=True)
class Servers:
    """Where the two servers are, and whose they are."""

    kafka: str
    redis: str
    embedded_kafka: bool
    embedded_redis: bool


def up(settings: Settings, *, report: Report = log.info) -> Servers:
    """Start what is missing, in the background, until `down`; where everything is.

    Safe to call at any time and from several processes at once. An external server
    (`settings.kafka`, `settings.redis`) is only checked.

    Raises
    ------
    ServersError
        when a server does not start (with the end of its log) or an external one is not there.
    DownloadError
        when a program file can not be fetched.
    """
    with _locked(settings):
        launched = _start_missing(settings, report, guard=False)
        _await(settings, launched)
    return connect(settings)


@contextmanager
def running(settings: Settings, *, report: Report = log.info) -> Iterator[Servers]:
    """Servers for as long as the block runs; they stop with it, and with this process.

    They stop even when this process is killed. What ran before is used and left running.
    """
    with _locked(settings):
        launched = _start_missing(settings, report, guard=True)
        _await(settings, launched)
    try:
        yield connect(settings)
    finally:
        if launched:
            launched.release()
            with _locked(settings):
                _forget_dead(settings)


def down(settings: Settings) -> list[str]:
    """Stop the embedded servers; what was stopped, as "kafka at host:port"."""
    if not settings.data_dir.exists():
        return []
    with _locked(settings):
        state = read_state(settings.data_dir)
        stopped = [
            f"{name} at {server.address}"
            for name, server in state.servers.items()
            if stop_process(server.process)
        ]
        write_state(settings.data_dir, State())
    return stopped


def connect(settings: Settings) -> Servers:
    """Where the servers are; starts nothing and loads no client library.

    Raises
    ------
    ServersDownError
        when one of them is not there, with what to do.
    """
    state = read_state(settings.data_dir)
    for name, address in (("kafka", settings.kafka), ("redis", settings.redis)):
        if address:
            _check_external(name, address)
        else:
            _check_embedded(name, state, settings.data_dir)
    return Servers(
        kafka=settings.kafka or state.servers["kafka"].address,
        redis=settings.redis or f"redis://{state.servers['redis'].address}/0",
        embedded_kafka=not settings.kafka,
        embedded_redis=not settings.redis,
    )


def _check_embedded(name: str, state: State, data_dir: Path) -> None:
    server = state.alive(name)
    if not server:
        raise ServersDownError(f"{name} does not run on {data_dir}: run `leaderboard up`")
    if not accepts(server.host, server.port):
        raise ServersDownError(
            f"{name} at {server.address} (process {server.process.pid}) does not answer: "
            "wait if it is just starting, else run `leaderboard down`, then `leaderboard up`"
        )


def _check_external(name: str, address: str) -> None:
    places = _places(name, address)
    if places and not any(accepts(host, port, timeout_s=3) for host, port in places):
        raise ServersDownError(
            f"LEADERBOARD_{name.upper()}={address}: expected a server there, nothing answers; "
            "start it, or unset the variable to use the embedded one"
        )


def _places(name: str, address: str) -> list[tuple[str, int]]:
    """Hosts and ports of an external address; none for a socket file."""
    if name == "kafka":
        pairs = (part.rpartition(":") for part in address.split(",") if part)
        return [(host.strip("[]"), int(port)) for host, _, port in pairs]
    url = urlsplit(address)
    default = DEFAULT_PORTS.get(url.scheme)
    return [(url.hostname or HOST, url.port or default)] if default else []


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One starter or stopper at a time on this data folder."""
    folder = settings.data_dir
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "servers.lock")
        lock.acquire()
    except OSError as error:
        raise ServersError(
            f"LEADERBOARD_DATA_DIR={folder}: expected a folder we may write to, got: {error}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _start_missing(settings: Settings, report: Report, *, guard: bool) -> Launched | None:
    state = read_state(settings.data_dir)
    for name, address in (("kafka", settings.kafka), ("redis", settings.redis)):
        if address:
            _check_external(name, address)
    external = {"kafka": settings.kafka, "redis": settings.redis}
    missing = [name for name in external if not external[name] and not state.alive(name)]
    if not missing:
        return None
    ports = _ports(settings, state, missing, report)
    jobs = [_job(name, settings, ports, report) for name in missing]
    launched = Launched(jobs, guard=guard)
    for job in jobs:
        wanted = getattr(settings, f"{job.name}_port")
        server = Server(launched.processes[job.name], HOST, ports[job.name], wanted, str(job.log))
        state = state.with_(job.name, server)
    write_state(settings.data_dir, state)
    return launched


def _ports(settings: Settings, state: State, missing: list[str], report: Report) -> dict[str, int]:
    """A port for each server to start: where it was when it died, else the setting's, else any."""
    ports: dict[str, int] = {}
    for name in missing:
        wanted = getattr(settings, f"{name}_port")
        last = state.servers.get(name)
        preferred = [last.port] if last and last.wanted_port == wanted else []
        ports[name] = free_port(*preferred, wanted, avoid=frozenset(ports.values()))
        if ports[name] != wanted:
            report(f"{name}: port {wanted} is taken, using {ports[name]}")
    return ports


def _job(name: str, settings: Settings, ports: dict[str, int], report: Report) -> Job:
    data_dir = settings.data_dir
    if name == "kafka":
        program = kafka.install(settings, report)
        avoid = frozenset({*ports.values(), settings.redis_port})
        command = kafka.prepare(settings, program, ports[name], avoid, data_dir)
    else:
        folder = data_dir / "redis"
        folder.mkdir(exist_ok=True)
        command = valkey.redis_command(valkey.redis_program(), ports[name], folder)
    return Job(name, command, data_dir / "logs" / f"{name}.log", data_dir)


def _await(settings: Settings, launched: Launched | None) -> None:
    """Wait until every embedded server answers; what we launched stops when one does not."""
    state = read_state(settings.data_dir)
    try:
        for name, server in state.servers.items():
            answers = partial(ANSWERS[name], server.host, server.port)
            wait_for(server.process, answers, name, Path(server.log))
    except BaseException:
        if launched:
            for process in launched.processes.values():
                stop_process(process)
            launched.release()
            _forget_dead(settings)
        raise


def _forget_dead(settings: Settings) -> None:
    state = read_state(settings.data_dir)
    for name in list(state.servers):
        if not state.alive(name):
            state = state.without(name)
    write_state(settings.data_dir, state)


def status(settings: Settings) -> dict[str, object]:
    """What `leaderboard status --json` prints; ServersDownError when a server is missing."""
    servers = connect(settings)
    state = read_state(settings.data_dir)
    ours = {"kafka": servers.embedded_kafka, "redis": servers.embedded_redis}
    return {
        "kafka": servers.kafka,
        "redis": servers.redis,
        "embedded": ours,
        "pids": {name: state.servers[name].process.pid for name in ours if ours[name]},
        "data_dir": str(settings.data_dir),
        "logs": {name: state.servers[name].log for name in ours if ours[name]},
    }
