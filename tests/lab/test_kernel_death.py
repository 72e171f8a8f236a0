"""Trap 10: whatever happens to the kernel, its stages end with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from leaderboard import Lab
from leaderboard.settings import Settings
from tests.waiting import until

SCRIPT = Path(__file__).with_name("kernel_with_lab.py")


@pytest.fixture
def kernel(settings: Settings, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(
        [sys.executable, SCRIPT],
        env={**os.environ, **settings.with_(data_dir=tmp_path).environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with child:
        yield child
        child.kill()


def stages(kernel: "subprocess.Popen[str]") -> list[psutil.Process]:
    found = [psutil.Process(int(pid)) for pid in kernel.stdout.readline().split()]
    assert len(found) == 4
    return found


def gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def test_sigkill(kernel: "subprocess.Popen[str]"):
    children = stages(kernel)
    kernel.kill()
    until(lambda: gone(children))


def test_sigterm(kernel: "subprocess.Popen[str]"):
    children = stages(kernel)
    kernel.send_signal(signal.SIGTERM)
    until(lambda: gone(children))


def test_a_kernel_that_simply_ends(kernel: "subprocess.Popen[str]"):
    children = stages(kernel)
    kernel.stdin.close()
    until(lambda: gone(children))
    assert kernel.wait(60) == 0


def test_a_forked_sibling_that_holds_the_pipes_changes_nothing(kernel: "subprocess.Popen[str]"):
    """The end of input alone would not tell a stage: it asks for its parent, too."""
    children = stages(kernel)
    kernel.send_signal(signal.SIGSTOP)
    held = [os.open(f"/proc/{kernel.pid}/fd/{n}", os.O_WRONLY) for n in pipes(kernel.pid)]
    try:
        kernel.kill()
        until(lambda: gone(children))
    finally:
        for descriptor in held:
            os.close(descriptor)


def pipes(pid: int) -> list[str]:
    """The descriptors of `pid` that write into pipes: among them its children's input."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        info = Path(f"/proc/{pid}/fdinfo/{path.name}").read_text()
        flags = int(next(x for x in info.splitlines() if x.startswith("flags")).split()[1], 8)
        writes = flags & os.O_ACCMODE == os.O_WRONLY
        if writes and path.name != "1" and str(path.readlink()).startswith("pipe:"):
            found.append(path.name)
    return found


def test_the_next_lab_sees_a_kernel_that_still_runs_and_can_stop_it(
    kernel: "subprocess.Popen[str]",
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    """A closed browser tab ends nothing; the next lab says so."""
    children = stages(kernel)
    with Lab(serve=False, settings=settings.with_(data_dir=tmp_path)) as lab:
        assert "lab.stop_others()" in capsys.readouterr().err
        lab.stop_others()
    until(lambda: gone(children))
