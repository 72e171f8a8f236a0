"""Lock files: which jars a server consists of, and whether they are all here and unharmed.

A lock says group, artifact, version, sha256 and size of each jar, one jar a line, and nothing
about where jars come from: that is the Maven resolver's business.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# group artifact version sha256 bytes; made by: python -m leaderboard.stack.relock"


@dataclass(frozen=True)
class Jar:
    """One line of a lock; `classifier` and `packaging` for what is no plain jar."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int
    classifier: str = ""
    packaging: str = "jar"

    @property
    def filename(self) -> str:
        kind = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{kind}.{self.packaging}"


@dataclass(frozen=True)
class Lock:
    """The jars of one server, in class path order."""

    name: str
    jars: tuple[Jar, ...]

    @property
    def size(self) -> int:
        """Bytes of all jars."""
        return sum(jar.size for jar in self.jars)

    def version_of(self, artifact: str) -> str:
        """The version of one jar; KeyError when the lock does not hold it."""
        return {jar.artifact: jar.version for jar in self.jars}[artifact]

    def missing(self, folder: Path) -> list[Jar]:
        """The jars that are not in `folder`, or not with the size and checksum of the lock."""
        return [jar for jar in self.jars if not intact(jar, folder / jar.filename)]

    def classpath(self, folder: Path) -> str:
        """Every jar by name: class data archives do not work with a wildcard."""
        return os.pathsep.join(str(folder / jar.filename) for jar in self.jars)


def read_lock(name: str) -> Lock:
    """The lock `<name>.lock` beside this module."""
    lines = (HERE / f"{name}.lock").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return Lock(name, tuple(Jar(g, a, v, sha, int(size)) for g, a, v, sha, size in rows))


def write_lock(name: str, jars: Iterable[Jar]) -> None:
    """Replace `<name>.lock`; the given order becomes the class path's."""
    rows = (f"{jar.group} {jar.artifact} {jar.version} {jar.sha256} {jar.size}" for jar in jars)
    (HERE / f"{name}.lock").write_text("\n".join([HEADER, *rows, ""]), "utf-8")


def jar_folder(cache_dir: Path) -> Path:
    """Where all locks' jars lie; the locks agree on a file where they share a name."""
    return cache_dir / "jars"


def intact(jar: Jar, path: Path) -> bool:
    """Whether the file has the size and the checksum of the lock; false when it is not there."""
    try:
        return path.stat().st_size == jar.size and sha256_of(path) == jar.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """The file's checksum in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
