"""The machine that is measured on: whether it is quiet, and what it and its programs are."""

from __future__ import annotations

import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil

from leaderboard.stack.jars import read_lock
from leaderboard.stack.valkey import redis_program

SAMPLE_S: Final = 2.0
MOST_BUSY: Final = 0.15
"""Cores that others may use: more, and a figure says more about them than about us."""
LIBRARIES: Final = (
    "kafka-python",
    "crc32c",
    "msgspec",
    "redis",
    "fastapi",
    "uvicorn",
    "websockets",
)


class BusyError(Exception):
    """Others use the machine: figures taken now would be wrong. Says how much."""


def busy_cores(sample_s: float = SAMPLE_S) -> float:
    """How many cores others than this process used while it slept for `sample_s` seconds.

    Time that the hypervisor gave to other machines counts as used.
    """
    began, before = time.monotonic(), _busy_seconds()
    time.sleep(sample_s)  # the time that is looked at
    return max(0.0, _busy_seconds() - before) / (time.monotonic() - began)


def need_quiet(*, anyway: bool, most: float = MOST_BUSY, sample_s: float = SAMPLE_S) -> float:
    """Returns the cores that others use.

    Raises
    ------
    BusyError
        when they are more than `most`, unless it is to be measured `anyway`.
    """
    cores = busy_cores(sample_s)
    if cores > most and not anyway:
        raise BusyError(
            f"other programs use {cores:.2f} cores, expected at most {most:.2f}: wait until they "
            "are done, or measure with --anyway, which marks the results"
        )
    return cores


def conditions(busy: float) -> dict[str, Any]:
    """What to know of a figure: when, on what machine, with which versions; `busy` as sampled."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "kafka": read_lock("kafka").version_of("kafka-clients"),
        "valkey": _valkey_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "load": round(psutil.getloadavg()[0], 2),
        "busy_cores": round(busy, 3),
        "quiet": busy <= MOST_BUSY,
    }


def cpu_model() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _valkey_version() -> str:
    command = [str(redis_program()), "--version"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    return next((word[2:] for word in told.split() if word.startswith("v=")), told.strip())


def _busy_seconds() -> float:
    """CPU seconds since the machine started that were neither idle nor this process's own."""
    all_ = psutil.cpu_times()
    own = psutil.Process().cpu_times()
    steal = getattr(all_, "steal", 0.0)
    return (
        float(all_.user + getattr(all_, "nice", 0.0) + all_.system + steal) - own.user - own.system
    )
