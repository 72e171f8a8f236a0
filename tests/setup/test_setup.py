"""What set-up installs, what it leaves alone, and what happens when something fails."""

import subprocess
from pathlib import Path

import pytest

from tests.setup.fake_machine import FakeMachine, touch
from tools import setup
from tools.installers import clean, from_pip


def test_a_first_run_makes_the_environment_and_installs_everything(
    fake: FakeMachine, root: Path
) -> None:
    setup.set_up(root, "lab")

    assert fake.installs() == ["pip build.lock", "uv lab.lock", f"uv {root.name}"]
    assert all("--require-hashes" in text for text in fake.commands if ".lock" in text)
    assert (root / ".venv/bin/leaderboard").exists()


def test_a_second_run_starts_no_program_at_all(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    fake.commands.clear()

    setup.set_up(root, "lab")

    assert fake.commands == []


def test_a_changed_lock_is_installed_again(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    fake.commands.clear()
    (root / "requirements/lab.lock").write_text("lab==2\n")

    setup.set_up(root, "lab")

    assert fake.installs() == ["uv lab.lock"]


def test_the_test_lock_holds_the_lab_lock(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "check")
    fake.commands.clear()

    setup.set_up(root, "lab")

    assert fake.commands == []


def test_a_changed_pyproject_installs_the_package_again(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    fake.commands.clear()
    (root / "pyproject.toml").write_text("[project]\nname = 'other'\n")

    setup.set_up(root, "lab")

    assert fake.installs() == [f"uv {root.name}"]


def test_a_missing_command_is_installed_again(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    (root / ".venv/bin/leaderboard").unlink()

    setup.set_up(root, "lab")

    assert (root / ".venv/bin/leaderboard").exists()


def test_a_failed_installation_is_tried_three_times(
    fake: FakeMachine, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fail["build.lock"] = [1, subprocess.TimeoutExpired("pip", 1800)]

    setup.set_up(root, "lab")

    assert fake.installs()[:3] == ["pip build.lock"] * 3
    printed = capsys.readouterr().out
    assert "exit status 1; try 2 of 3" in printed
    assert "not done after 1800 s; try 3 of 3" in printed


def test_pip_takes_over_when_uv_fails(
    fake: FakeMachine, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.fail["/bin/uv"] = [2, FileNotFoundError(2, "No such file or directory")]

    setup.set_up(root, "lab")

    assert fake.installs()[1:] == [
        "uv lab.lock",
        "pip lab.lock",
        f"uv {root.name}",
        f"pip {root.name}",
    ]
    assert "once more with pip" in capsys.readouterr().out


def test_what_can_not_be_installed_is_one_line_and_exit_status_1(
    fake: FakeMachine,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(setup, "ROOT", root)
    fake.fail["build.lock"] = [1, 1, 1]

    assert setup.main(["lab"]) == 1

    error = capsys.readouterr().err
    assert error.startswith("set-up: installing uv and the build tools failed 3 times: exit status")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [["all"], ["lab", "test"]])
def test_wrong_use_is_exit_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.main(arguments) == 2
    assert "expected one of lab, check, test" in capsys.readouterr().err


def test_an_interrupted_installation_is_repaired(
    fake: FakeMachine,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(setup, "ROOT", root)
    fake.fail["lab.lock"] = [KeyboardInterrupt()]
    assert setup.main(["lab"]) == 130
    touch(root / ".venv/half-written")
    fake.commands.clear()

    assert setup.main(["lab"]) == 0

    assert fake.installs() == ["pip build.lock", "uv lab.lock", f"uv {root.name}"]
    assert not (root / ".venv/half-written").exists()
    assert "stopped while installing lab" in capsys.readouterr().out


def test_an_environment_without_pip_is_made_anew(fake: FakeMachine, root: Path) -> None:
    touch(root / ".venv/bin/python")
    fake.fail["import pip"] = [1]

    setup.set_up(root, "lab")

    assert any(" -m venv " in text for text in fake.commands)


def test_an_environment_made_by_hand_is_completed(fake: FakeMachine, root: Path) -> None:
    touch(root / ".venv/bin/python")

    setup.set_up(root, "lab")

    assert not any(" -m venv " in text for text in fake.commands)
    assert len(fake.installs()) == 3


@pytest.mark.parametrize("state", ["", "[]", '{"folder": 1}'])
def test_an_unreadable_state_makes_the_environment_anew(
    fake: FakeMachine, root: Path, state: str
) -> None:
    setup.set_up(root, "lab")
    (root / ".venv/.setup.json").write_text(state)
    fake.commands.clear()

    setup.set_up(root, "lab")

    assert any(" -m venv " in text for text in fake.commands)


def test_a_moved_checkout_gets_a_new_environment(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    moved = root.rename(root.with_name("moved"))
    fake.commands.clear()

    setup.set_up(moved, "lab")

    assert any(" -m venv " in text for text in fake.commands)


def test_an_environment_whose_python_is_gone_is_made_anew(fake: FakeMachine, root: Path) -> None:
    setup.set_up(root, "lab")
    python = root / ".venv/bin/python"
    python.unlink()
    python.symlink_to(root / "removed-python")

    setup.set_up(root, "lab")

    assert python.exists()


def test_uv_is_told_the_index_that_pip_is_set_to() -> None:
    printed = (
        "global.index-url='https://mirror.example/simple'\n"
        "install.extra-index-url='https://one.example\\nhttps://two.example'\n"
        ":env:.cert='/etc/ssl/own.pem'\n"
        "global.timeout='60'\n"
    )

    assert from_pip(printed) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://one.example https://two.example",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
    }


def test_settings_that_install_elsewhere_are_left_out() -> None:
    env = {
        "PIP_TARGET": "/elsewhere",
        "PYTHONPATH": "/other",
        "PIP_INDEX_URL": "kept",
        "HOME": "/h",
    }

    assert clean(env) == {"PIP_INDEX_URL": "kept", "HOME": "/h"}
