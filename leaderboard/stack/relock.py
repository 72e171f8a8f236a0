"""Maintenance: resolve a server's jars anew and write its lock.

Example: python -m leaderboard.stack.relock kafka

Never runs on a user's machine: users fetch exactly what the lock says.
"""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import Dependency, MavenContext

from leaderboard.stack.jars import Jar, sha256_of, write_lock

# what each server is made of; slf4j-simple, because without a binding failures are silent
ROOTS = {
    "kafka": (
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.kafka:kafka-tools:4.3.1",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
    "kafka-zookeeper": (
        "org.apache.kafka:kafka_2.13:3.9.1",
        "org.apache.kafka:kafka-tools:3.9.1",
        "org.slf4j:slf4j-simple:1.7.36",
    ),
}
# Kafka Connect and its web server: 40 jars that neither the broker nor our tools load
LEFT_OUT = (
    "org.apache.kafka:connect-runtime",
    "org.apache.kafka:connect-api",
    "org.apache.kafka:connect-json",
    "org.apache.kafka:connect-transforms",
    "org.scala-lang:scala-reflect",
    "org.slf4j:slf4j-reload4j",  # a second logging binding: the first found would win
)


def relock(name: str) -> int:
    """Write `<name>.lock` from ROOTS; the number of jars."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        left_out = [context.project(*text.split(":")) for text in LEFT_OUT]
        roots = []
        for text in ROOTS[name]:
            group, artifact, version = text.split(":")
            component = context.project(group, artifact).at_version(version)
            roots.append(Dependency(component.artifact(packaging="jar"), exclusions=left_out))
        given, found = context.resolver.resolve(roots)
        with ThreadPoolExecutor(8) as threads:
            jars = list(threads.map(_jar, [*given, *found]))
    write_lock(name, jars)
    return len(jars)


def _jar(dependency: Dependency) -> Jar:
    path = dependency.artifact.resolve()
    return Jar(
        dependency.groupId,
        dependency.artifactId,
        dependency.version,
        sha256_of(path),
        path.stat().st_size,
    )


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ROOTS:
        sys.exit(f"expected one of {', '.join(ROOTS)}, got {sys.argv[1:]}")
    sys.stdout.write(f"{sys.argv[1]}: {relock(sys.argv[1])} jars\n")
