"""What to run for each server: its program, its configuration, its port, its log."""

from collections.abc import Callable, Sequence

from leaderboard.settings import Settings
from leaderboard.stack import kafka, valkey, zookeeper
from leaderboard.stack.install import install
from leaderboard.stack.launch import Job
from leaderboard.stack.ports import free_port
from leaderboard.stack.state import State


def wanted_port(settings: Settings, name: str) -> int:
    """The first choice of the settings; 0 when they have none."""
    return {"kafka": settings.kafka_port, "redis": settings.redis_port}.get(name, 0)


def ports_for(
    names: Sequence[str], settings: Settings, state: State, report: Callable[[str], None]
) -> dict[str, int]:
    """A port for each server: where it was when it died, else the setting's, else any."""
    ports: dict[str, int] = {}
    for name in names:
        wanted = wanted_port(settings, name)
        last = state.servers.get(name)
        preferred = [last.port] if last and last.wanted_port == wanted else []
        if wanted:
            preferred.append(wanted)
        ports[name] = free_port(*preferred, avoid=frozenset(ports.values()))
        if wanted and ports[name] != wanted:
            report(f"{name}: port {wanted} is taken, using {ports[name]}")
    return ports


def jobs_for(
    names: Sequence[str],
    settings: Settings,
    ports: dict[str, int],
    report: Callable[[str], None],
) -> list[Job]:
    """The jobs of these servers, installed and configured; Kafka's metadata is as `names` say."""
    jobs = {}
    if "redis" in names:
        jobs["redis"] = _redis(settings, ports["redis"])
    if "zookeeper" in names:
        jobs |= _with_zookeeper(settings, ports, report)
    elif "kafka" in names:
        program = install(settings, report)
        avoid = frozenset({*ports.values(), settings.redis_port})
        jobs["kafka"] = kafka.prepare(settings, program, ports["kafka"], avoid)
    folder = settings.data_dir
    return [Job(name, jobs[name], folder / "logs" / f"{name}.log", folder) for name in names]


def _redis(settings: Settings, port: int) -> list[str]:
    folder = settings.data_dir / "redis"
    folder.mkdir(exist_ok=True)
    return valkey.redis_command(valkey.redis_program(), port, folder)


def _with_zookeeper(
    settings: Settings, ports: dict[str, int], report: Callable[[str], None]
) -> dict[str, list[str]]:
    program = zookeeper.install(settings, report)
    return {
        "zookeeper": zookeeper.prepare(settings, program, ports["zookeeper"]),
        "kafka": zookeeper.prepare_kafka(settings, program, ports["kafka"], ports["zookeeper"]),
    }
