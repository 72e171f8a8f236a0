"""Start and stop the servers of one data folder. The story of `leaderboard up`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock

from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from leaderboard.stack.find import Servers, check_external, connect, external
from leaderboard.stack.launch import Launched, stop_process, tail, wait_for, wait_released
from leaderboard.stack.ping import kafka_answers, redis_answers, zookeeper_answers
from leaderboard.stack.ports import HOST
from leaderboard.stack.recipes import jobs_for, ports_for, wanted_port
from leaderboard.stack.state import Server, State, read_state, write_state

log = logging.getLogger(__name__)

Report = Callable[[str], None]
KRAFT = ("kafka", "redis")
ZOOKEEPER = ("zookeeper", "kafka", "redis")
ANSWERS = {"kafka": kafka_answers, "redis": redis_answers, "zookeeper": zookeeper_answers}


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
        _start_missing(KRAFT, settings, report, guard=False)
    return connect(settings)


@contextmanager
def running(
    settings: Settings, *, report: Report = log.info, zookeeper: bool = False
) -> Iterator[Servers]:
    """Servers for as long as the block runs; they stop with it, and with this process.

    They stop even when this process is killed. What ran before is used and left running.
    Raises as `up` does.

    Parameters
    ----------
    zookeeper
        run the older topology, Kafka 3.9 that keeps its metadata in a ZooKeeper.
    """
    with _locked(settings):
        names = ZOOKEEPER if zookeeper else KRAFT
        launched = _start_missing(names, settings, report, guard=True)
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
        # a broker says goodbye to its ZooKeeper: stop that last
        servers = sorted(state.servers.items(), key=lambda item: item[0] == "zookeeper")
        stopped = [
            f"{name} at {server.address}"
            for name, server in servers
            if stop_process(server.process)
        ]
        write_state(settings.data_dir, State())
    return stopped


def still_up(settings: Settings) -> bool:
    """Whether the servers that were started run; false after `down`.

    Raises
    ------
    ServersError
        when one of them ended by itself, with its log.
    """
    state = read_state(settings.data_dir)
    if state.servers and all(state.alive(name) for name in state.servers):
        return True
    with _locked(settings):  # it may be `down` that is at work
        state = read_state(settings.data_dir)
        for name, server in state.servers.items():
            if not state.alive(name):
                raise ServersError(
                    f"{name} ended; its log {server.log} ends:\n{tail(Path(server.log))}"
                )
    return bool(state.servers)


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One starter or stopper at a time on this data folder."""
    folder = settings.data_dir
    lock = FileLock(folder / "servers.lock")
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise ServersError(
            f"LEADERBOARD_DATA_DIR={folder}: expected a folder we may write to, got: {error}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _start_missing(
    names: tuple[str, ...], settings: Settings, report: Report, *, guard: bool
) -> Launched | None:
    """Start those of `names` that do not run, and wait until all that are ours answer."""
    settings = settings.with_(
        data_dir=settings.data_dir.absolute(), cache_dir=settings.cache_dir.absolute()
    )
    given = external(settings)
    for name, address in given.items():
        if address:
            check_external(name, address)
    state = read_state(settings.data_dir)
    missing = [name for name in names if not given.get(name) and not state.alive(name)]
    launched = _launch(missing, settings, state, report, guard=guard) if missing else None
    try:
        _wait_for([name for name in names if not given.get(name)], settings)
    except BaseException:  # also Ctrl-C: nothing half started stays behind
        if launched:
            _undo(launched, settings)
        raise
    return launched


def _launch(
    names: list[str], settings: Settings, state: State, report: Report, *, guard: bool
) -> Launched:
    """Start servers and write them down at once, so that a killed `up` leaves no stranger."""
    for name in state.servers.keys() & set(names):
        wait_released(state.servers[name].process)  # just killed: its port and files come free
    ports = ports_for(names, settings, state, report)
    state = state.of_the_living()
    jobs = jobs_for(names, settings, ports, report)
    launched = Launched(jobs, guard=guard)
    for job in jobs:
        process = launched.processes[job.name]
        wanted = wanted_port(settings, job.name)
        server = Server(process, HOST, ports[job.name], wanted, str(job.log))
        state = state.with_(job.name, server)
    write_state(settings.data_dir, state)
    return launched


def _wait_for(names: list[str], settings: Settings) -> None:
    state = read_state(settings.data_dir)
    for name in names:
        server = state.servers[name]
        answers = partial(ANSWERS[name], server.host, server.port)
        wait_for(server.process, answers, name, Path(server.log))


def _undo(launched: Launched, settings: Settings) -> None:
    for process in launched.processes.values():
        stop_process(process)
    launched.release()
    _forget_dead(settings)


def _forget_dead(settings: Settings) -> None:
    write_state(settings.data_dir, read_state(settings.data_dir).of_the_living())
