"""Check, without a network, that the lock files fit pyproject.toml: `python -m tools.locks`.

It finds what a forgotten `make lock` leaves behind: a dependency that is not locked, a locked
version outside the declared bounds, two locks that disagree, an entry without hash or with an
address. It can not find that a newer version exists: that is no fault.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ENTRY = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One entry of a lock file; a package may have several, for different machines."""

    name: str
    version: str
    hashes: int


def read(text: str) -> list[Pin]:
    """The entries of a lock file, in order.

    Raises
    ------
    ValueError
        on an entry that is no `name==version`, such as an option or an address.
    """
    pins = []
    for entry in text.replace("\\\n", " ").splitlines():
        if not entry.strip():
            continue
        found = ENTRY.match(entry.split(" --hash", 1)[0])
        if not found or "://" in entry:
            raise ValueError(f"expected name==version with hashes, got {entry[:80]!r}")
        name = canonicalize_name(found["name"])
        pins.append(Pin(name, found["version"], len(HASH.findall(entry))))
    return pins


def problems(pyproject: dict[str, Any], locks: dict[str, list[Pin]]) -> list[str]:
    """What does not fit, one line each; `locks` has the entries of build, lab and test."""
    project = pyproject["project"]
    wanted = {
        "build": pyproject["dependency-groups"]["build"],
        "lab": project["dependencies"],
        "test": [*project["dependencies"], *of_extra(project, "test")],
    }
    found = [
        f"{name}.lock: {problem}"
        for name, requirements in wanted.items()
        for problem in (*unsatisfied(requirements, locks[name]), *unhashed(locks[name]))
    ]
    return [*found, *disagreements("lab", "test", locks, whole=True)] + [
        line for other in ("lab", "test") for line in disagreements("build", other, locks)
    ]


def of_extra(project: dict[str, Any], extra: str) -> list[str]:
    """Requirements of an extra, with those of our own extras that it names."""
    found = []
    for line in project["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if canonicalize_name(requirement.name) == project["name"]:
            found += [one for other in requirement.extras for one in of_extra(project, other)]
        else:
            found.append(line)
    return found


def unsatisfied(requirements: list[str], pins: list[Pin]) -> list[str]:
    """Requirements that no entry, or an entry of the wrong version, answers."""
    found = []
    for requirement in map(Requirement, requirements):
        if requirement.marker and not requirement.marker.evaluate():
            continue  # another machine's requirement is checked on that machine
        mine = [pin for pin in pins if pin.name == canonicalize_name(requirement.name)]
        bounds = requirement.specifier
        wrong = [pin.version for pin in mine if not bounds.contains(pin.version, prereleases=True)]
        if not mine:
            found.append(f"expected {requirement}, it is not locked")
        elif wrong:
            found.append(f"expected {requirement}, got {', '.join(wrong)}")
    return found


def unhashed(pins: list[Pin]) -> list[str]:
    """Entries without a hash."""
    return [f"{pin.name}=={pin.version} has no hash" for pin in pins if not pin.hashes]


def disagreements(
    small: str, large: str, locks: dict[str, list[Pin]], *, whole: bool = False
) -> list[str]:
    """Packages that two locks pin differently; with `whole`, also those `large` lacks."""
    here, there = versions(locks[small]), versions(locks[large])
    return [
        f"{name}: {small}.lock has {', '.join(sorted(mine))}, {large}.lock "
        f"{', '.join(sorted(there.get(name, {'nothing'})))}"
        for name, mine in sorted(here.items())
        if (whole or name in there) and mine != there.get(name)
    ]


def versions(pins: list[Pin]) -> dict[str, set[str]]:
    """Versions by name: a universal lock may hold several for different machines."""
    found: dict[str, set[str]] = {}
    for pin in pins:
        found.setdefault(pin.name, set()).add(pin.version)
    return found


def main() -> int:
    """Print every problem; exit status 0 when there is none, else 1."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folder = ROOT / "requirements"
    try:
        locks = {n: read((folder / f"{n}.lock").read_text()) for n in ("build", "lab", "test")}
        found = problems(pyproject, locks)
    except ValueError as error:
        found = [str(error)]
    for line in found:
        sys.stderr.write(f"locks: {line}; run make lock\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
