"""A checkout without an environment, on a machine on which no program runs."""

from pathlib import Path

import pytest

from tests.setup.fake_machine import FakeMachine


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    """The machine; no pauses, and no Python named by the caller's environment."""
    machine = FakeMachine()
    monkeypatch.setattr("subprocess.run", machine.run)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.delenv("PYTHON", raising=False)
    return machine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout without an environment."""
    (tmp_path / "requirements").mkdir()
    for name in ("build", "lab", "test"):
        (tmp_path / "requirements" / f"{name}.lock").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path
