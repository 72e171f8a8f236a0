"""The lock files fit pyproject.toml, and no tracked file names a registry or this machine."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools import locks

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PEERS = sorted((ROOT / "benchmarks/peers").glob("*/requirements.txt"))
HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_every_entry_is_an_exact_version_with_hashes(file: Path) -> None:
    pins = locks.read(file.read_text())

    assert len(pins) >= 5
    assert locks.unhashed(pins) == []


@pytest.mark.parametrize("file", PEERS, ids=lambda file: file.parent.name)
def test_every_entry_of_a_peer_is_an_exact_version_with_hashes(file: Path) -> None:
    pins = locks.read(file.read_text())

    wanted = [line for line in file.with_suffix(".in").read_text().splitlines() if line[:1] != "#"]
    assert locks.unsatisfied([line.partition(";")[0] for line in wanted], pins) == []
    assert locks.unhashed(pins) == []


@pytest.mark.parametrize(
    "file", [*LOCKS, *PEERS], ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_no_lock_carries_an_address_or_option(file: Path) -> None:
    text = file.read_text()

    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, re.MULTILINE)


def test_the_committed_locks_are_fresh() -> None:
    assert locks.main() == 0


def project(**bounds: str) -> dict[str, Any]:
    """A pyproject with one dependency in each of lab, test and build."""
    wanted = {"lab": "redis>=8,<9", "test": "pytest>=9", "build": "uv>=0.9", **bounds}
    return {
        "project": {
            "name": "ours",
            "dependencies": [wanted["lab"]],
            "optional-dependencies": {"test": [wanted["test"]], "fast": ["confluent-kafka>=2"]},
        },
        "dependency-groups": {"build": [wanted["build"]]},
    }


def pins(*entries: str) -> list[locks.Pin]:
    return locks.read("\n".join(f"{entry} \\\n    {HASH}" for entry in entries))


def written(**changes: list[locks.Pin]) -> dict[str, list[locks.Pin]]:
    good = {
        "build": pins("uv==0.13.9"),
        "lab": pins("redis==8.0.1"),
        "test": pins("redis==8.0.1", "pytest==9.0.2"),
    }
    return {**good, **changes}


def test_matching_locks_have_no_problem() -> None:
    assert locks.problems(project(), written()) == []


def test_an_extra_that_names_another_of_ours_wants_what_that_wants() -> None:
    wanted = project(test="ours[fast]")

    assert locks.problems(wanted, written()) == [
        "test.lock: expected confluent-kafka>=2, it is not locked"
    ]
    with_it = pins("redis==8.0.1", "confluent-kafka==2.16.1")
    assert locks.problems(wanted, written(test=with_it)) == []


@pytest.mark.parametrize(
    ("pyproject", "lock", "said"),
    [
        (project(lab="pandas>=3"), written(), "lab.lock: expected pandas>=3, it is not locked"),
        (project(lab="redis>=8.1"), written(), "lab.lock: expected redis>=8.1, got 8.0.1"),
        (project(build="uv>=1"), written(), "build.lock: expected uv>=1, got 0.13.9"),
        (
            project(),
            written(test=pins("redis==8.0.0", "pytest==9.0.2")),
            "redis: lab.lock has 8.0.1, test.lock 8.0.0",
        ),
        (
            project(),
            written(lab=pins("redis==8.0.1", "rich==14.2.0")),
            "rich: lab.lock has 14.2.0, test.lock nothing",
        ),
        (
            project(),
            written(lab=[locks.Pin("redis", "8.0.1", 0)]),
            "lab.lock: redis==8.0.1 has no hash",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    pyproject: dict[str, Any], lock: dict[str, list[locks.Pin]], said: str
) -> None:
    assert said in locks.problems(pyproject, lock)


def test_names_are_compared_as_packaging_does() -> None:
    assert locks.problems(project(lab="Redis>=8"), written()) == []


@pytest.mark.parametrize("entry", ["--index-url https://x.example", "redis>=8", "-e ."])
def test_a_line_that_is_no_pin_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="expected name==version"):
        locks.read(entry)


# written in parts, so that this file does not contain what it looks for
FORBIDDEN = {
    "a package registry": "|".join(
        name.replace("-", "").replace(" ", r"\.")
        for name in (
            "pypi org",
            "python-hosted org",
            "registry npmjs org",
            "repo1 maven org",
            "repo maven apache org",
            "deb debian org",
            "crates io",
            "proxy golang org",
        )
    ),
    "a path of one machine": "|".join(
        "/" + path for path in (r"work/(?:main|shared)", r"root/", r"home/[a-z]", r"Users/[A-Za-z]")
    ),
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what].encode())

    found = [
        f"{file.relative_to(ROOT)}: {match[0].decode()}"
        for file in tracked_files()
        for match in [pattern.search(file.read_bytes())]
        if match
    ]

    assert found == []
