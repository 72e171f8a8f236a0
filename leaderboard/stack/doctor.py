"""What can be wrong with this machine or these servers, each with what to do about it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from leaderboard.stack import java, kafka, valkey
from leaderboard.stack.find import kafka_address, redis_url, shown
from leaderboard.stack.jars import jar_folder
from leaderboard.stack.ping import kafka_answers
from leaderboard.stack.ports import taken
from leaderboard.stack.state import read_state

PYTHONS = ((3, 11), (3, 14))  # from, below
DISK_BYTES = 1_000_000_000
MEMORY_BYTES = 600_000_000
UP = "run `leaderboard up`"


@dataclass(frozen=True)
class Check:
    """One thing looked at; `fix` says what to do and is empty when `ok`."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def doctor(settings: Settings) -> list[Check]:
    """Look at everything the servers need, in the order in which it would fail."""
    embedded = [_java, _jars, _valkey, _memory, _kafka_port, _redis_port]
    if settings.kafka:
        embedded = [check for check in embedded if check not in (_java, _jars, _kafka_port)]
    if settings.redis:
        embedded = [check for check in embedded if check not in (_valkey, _redis_port)]
    checks = [_python, _crc, _data_dir, _disk, *embedded, _api_port, _kafka, _redis]
    return [_guarded(check, settings) for check in checks]


def _guarded(check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except ServersError as error:
        text, _, fix = str(error).rpartition("; ")
        return Check(check.__name__.strip("_").replace("_", " "), False, text, fix)


def _python(_settings: Settings) -> Check:
    version = sys.version_info[:2]
    ok = PYTHONS[0] <= version < PYTHONS[1]
    fix = "" if ok else "install Python 3.11, 3.12 or 3.13 and run `make setup`"
    return Check("python", ok, ".".join(map(str, sys.version_info[:3])), fix)


def _crc(_settings: Settings) -> Check:
    from kafka.record import util  # the client library: 0.1 s that only this check needs

    ok = util.crc32c_c is not None
    detail = "checksums in C" if ok else "checksums in Python: reading is five times slower"
    return Check("crc32c", ok, detail, "" if ok else "pip install crc32c")


def _data_dir(settings: Settings) -> Check:
    folder = _existing(settings.data_dir)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("data folder", True, str(settings.data_dir))
    except OSError as error:
        return Check(
            "data folder", False, f"{settings.data_dir}: {error}", "set LEADERBOARD_DATA_DIR"
        )


def _disk(settings: Settings) -> Check:
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    ok = free > DISK_BYTES
    fix = "" if ok else f"free {DISK_BYTES / 1e9:.0f} GB, or set LEADERBOARD_DATA_DIR elsewhere"
    return Check("disk", ok, f"{free / 1e9:.1f} GB free", fix)


def _memory(settings: Settings) -> Check:
    free = psutil.virtual_memory().available
    running = read_state(settings.data_dir).alive("kafka") is not None
    ok = running or free > MEMORY_BYTES
    fix = "" if ok else f"close programs: the servers need {MEMORY_BYTES / 1e6:.0f} MB"
    return Check("memory", ok, f"{free / 1e9:.1f} GB available", fix)


def _java(_settings: Settings) -> Check:
    return Check("java", True, f"{java.java_version()} at {java.java_program()}")


def _jars(settings: Settings) -> Check:
    program = kafka.installed(settings)
    folder = jar_folder(settings.cache_dir)
    missing = program.lock.missing(folder)
    if missing:
        names = ", ".join(jar.filename for jar in missing[:3])
        detail = f"{len(missing)} of {len(program.lock.jars)} missing or damaged: {names}"
        return Check("kafka jars", False, detail, f"{UP}: it fetches them")
    version = program.lock.version_of("kafka-clients")
    return Check("kafka jars", True, f"Kafka {version}, {len(program.lock.jars)} files verified")


def _valkey(_settings: Settings) -> Check:
    program = valkey.redis_program()
    ok = os.access(program, os.X_OK)
    return Check("valkey", ok, str(program), "" if ok else f"chmod +x {program}")


def _kafka_port(settings: Settings) -> Check:
    return _port("kafka", settings.kafka_port, settings)


def _redis_port(settings: Settings) -> Check:
    return _port("redis", settings.redis_port, settings)


def _api_port(settings: Settings) -> Check:
    port = settings.api_port
    if port and taken(port):
        detail = f"{port} is taken; if not by our API: LEADERBOARD_API_PORT=0 takes any free one"
        return Check("api port", True, detail)
    return Check("api port", True, f"{port} is free" if port else "any")


def _port(name: str, wanted: int, settings: Settings) -> Check:
    """A port taken by a stranger is no failure: `up` chooses another and says so."""
    server = read_state(settings.data_dir).alive(name)
    if server:
        detail = f"{server.port}, ours"
    elif taken(wanted):
        detail = f"{wanted} is taken by another program: `leaderboard up` will choose another"
    else:
        detail = f"{wanted} is free"
    return Check(f"{name} port", True, detail)


def _kafka(settings: Settings) -> Check:
    address = kafka_address(settings)
    for part in address.split(","):
        host, _, port = part.rpartition(":")
        if kafka_answers(host, int(port)):
            return Check("kafka", True, f"answers at {part}")
    return Check(
        "kafka", False, f"{address} takes connections but does not speak Kafka", _who("kafka")
    )


def _redis(settings: Settings) -> Check:
    url = redis_url(settings)
    from redis import Redis  # the client library: 0.1 s, and it knows passwords and TLS
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=3) as client:
            is_cluster = client.info("cluster").get("cluster_enabled")
    except RedisError as error:
        return Check("redis", False, f"{shown(url)}: {error}", _who("redis"))
    if is_cluster:
        fix = "set LEADERBOARD_REDIS to one server, or to a primary with replicas"
        return Check("redis", False, f"{shown(url)} is a Redis Cluster: not supported", fix)
    return Check("redis", True, f"answers at {shown(url)}")


def _who(name: str) -> str:
    return f"check LEADERBOARD_{name.upper()}, or `leaderboard down`, then `leaderboard up`"


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
