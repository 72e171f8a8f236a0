"""The browser, the redis-server and the Prometheus that the tests need."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.setup.fake_machine import FakeMachine
from tools import machine
from tools.commands import SetupError


@pytest.fixture
def bare(fake: FakeMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeMachine:
    """Root on a Debian that has none of the three, all of which apt-get would bring."""
    installed: set[str] = set()
    real = fake.run

    def run(command: Sequence[str], **more: Any) -> "subprocess.CompletedProcess[str]":
        if command[0] == "redis-server" and "redis-server" not in installed:
            raise FileNotFoundError
        result = real(command, **more)
        if result.returncode == 0 and "install" in command:
            installed.add(command[-1])
        return subprocess.CompletedProcess(command, result.returncode, "Redis server v=7.0.15 x")

    def which(name: str) -> str | None:
        package = {"promtool": "prometheus"}.get(name, name)
        return f"/usr/bin/{name}" if package in installed | {"apt-get"} else None

    release = tmp_path / "os-release"
    release.write_text('NAME="Debian"\nID=debian\n')
    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr("shutil.which", which)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(machine, "OS_RELEASE", release)
    monkeypatch.setattr(machine, "POLICY", tmp_path / "policy-rc.d")
    return fake


def test_root_on_debian_gets_everything_from_apt(bare: FakeMachine, root: Path) -> None:
    bare.fail["update"] = [100]

    machine.need_browser(root, root / ".venv")
    machine.need_redis_server()
    machine.need_prometheus()

    verbs = [text.split("Retries=3 ")[1] for text in bare.commands if text.startswith("apt-get")]
    install = "install --yes --no-install-recommends"
    assert verbs == [
        "update",
        "update",
        f"{install} chromium",
        "update",
        f"{install} redis-server",
        "update",
        f"{install} prometheus",
    ]
    assert not machine.POLICY.exists()


def test_what_is_there_is_not_installed_again(bare: FakeMachine, root: Path) -> None:
    machine.need_browser(root, root / ".venv")
    machine.need_redis_server()
    machine.need_prometheus()
    bare.commands.clear()

    machine.need_browser(root, root / ".venv")
    machine.need_redis_server()
    machine.need_prometheus()

    assert not any("install" in text for text in bare.commands)


def test_others_get_playwrights_browser_once(
    bare: FakeMachine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    machine.browsers_folder(root).mkdir(parents=True)

    machine.need_browser(root, root / ".venv")
    machine.need_browser(root, root / ".venv")

    assert bare.commands == [f"{root}/.venv/bin/playwright install chromium"]


def test_others_are_told_how_to_install_redis_server(
    bare: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(SetupError, match=r"apt-get install redis-server; macOS: brew install"):
        machine.need_redis_server()


def test_others_are_told_how_to_install_prometheus(
    bare: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(SetupError, match=r"apt-get install prometheus; macOS: brew install"):
        machine.need_prometheus()


def test_half_a_prometheus_is_none(bare: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", {"prometheus": "/usr/bin/prometheus"}.get)

    with pytest.raises(SetupError, match="prometheus and promtool on PATH"):
        machine.need_prometheus()


def test_an_old_redis_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "redis_server", lambda: (6, 2))

    with pytest.raises(SetupError, match=r"7\.0 or newer on PATH, found 6\.2"):
        machine.need_redis_server()


def test_services_stay_off_during_an_installation(bare: FakeMachine) -> None:
    with machine.no_new_services():
        assert machine.POLICY.read_text().endswith("exit 101\n")
    assert not machine.POLICY.exists()


def test_services_just_installed_stay_off_after_a_restart(bare: FakeMachine) -> None:
    machine.need_redis_server()
    machine.need_prometheus()

    off = [text for text in bare.commands if text.startswith("update-rc.d")]
    assert off == ["update-rc.d redis-server disable", "update-rc.d prometheus disable"]


def test_this_machine_has_a_redis_server() -> None:
    """Fails, never skips: the tests against a real Redis need it, and make test installs it."""
    assert (machine.redis_server() or (0, 0)) >= machine.OLDEST_REDIS


def test_this_machine_has_a_prometheus() -> None:
    """Fails, never skips: the tests of `monitoring/` need it, and make test installs it."""
    assert machine.prometheus()
