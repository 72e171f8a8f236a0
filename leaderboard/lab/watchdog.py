"""In the kernel of a headless run: write down where every thread stands when a cell hangs."""

import faulthandler
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython


def install(path: str, after_s: float) -> None:
    """Set a timer of `after_s` seconds before each cell; if it still runs then, dump to `path`.

    The timer is C code: it works while Python is stuck.
    """
    shell: Any = get_ipython()
    file = Path(path).open("w")  # noqa: SIM115  # stays open as long as the kernel lives

    def arm(*_: object) -> None:
        faulthandler.dump_traceback_later(after_s, file=file)

    def disarm(*_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    shell.events.register("pre_run_cell", arm)
    shell.events.register("post_run_cell", disarm)


def arguments(path: Path, after_s: float) -> list[str]:
    """The kernel's command-line arguments that install it."""
    line = f"from leaderboard.lab.watchdog import install; install({str(path)!r}, {after_s!r})"
    return [f"--IPKernelApp.exec_lines={line}"]
