"""JupyterLab on the notebooks, in this very process, with nothing of the user's own Jupyter.

Settings, workspaces, history and connection files live in the data folder; our defaults (no news,
no look for updates, style) in `jupyter/`. The token stays on.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

DEFAULTS: Final = Path(__file__).parent / "jupyter"
LAST_TASKS_S: Final = 5.0


def variables(folder: Path) -> dict[str, str]:
    """The environment that keeps Jupyter inside `folder` and on this Python's kernel."""
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_CONFIG_PATH": str(DEFAULTS),
        "JUPYTER_DATA_DIR": str(folder / "share"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def isolate(folder: Path) -> None:
    """Keep the Jupyter of this process and its children in `folder`; call before loading it."""
    own = variables(folder.resolve())
    for path in own.values():
        if path.startswith(str(folder.resolve())):
            Path(path).mkdir(parents=True, exist_ok=True)
    os.environ.update(own)


def arguments(notebooks: Path, first: str, port: int, browser: bool) -> list[str]:
    """JupyterLab's command line."""
    page = f"/lab/tree/{first}" if first else "/lab"
    found = [
        f"--ServerApp.root_dir={notebooks}",
        f"--LabApp.default_url={page}",
        f"--ServerApp.port={port}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.custom_css=True",
    ]
    found += [] if browser else ["--no-browser"]
    return found + (["--allow-root"] if os.geteuid() == 0 else [])


def serve(
    notebooks: Path,
    folder: Path,
    *,
    port: int,
    browser: bool,
    announce: Callable[[str], None],
) -> None:
    """Serve until stopped (Ctrl+C, SIGTERM); `announce` gets the link once the port is ours.

    `folder` keeps Jupyter's own files. The next free port is taken when `port` is not.
    """
    isolate(folder)
    shutil.copytree(DEFAULTS / "custom", folder / "config/custom", dirs_exist_ok=True)
    # after the variables: some are read at import
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    first = next(iter(sorted(p.name for p in notebooks.glob("[0-9][0-9]_*.ipynb"))), "")
    app: Any = LabApp.initialize_server(arguments(notebooks, first, port, browser))
    announce(app.local_url)
    sys.stdout.flush()
    app.start()
    _end_tasks(app.io_loop.asyncio_loop)


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what the server left half done: threads that wait for it would keep us for ever."""
    if not loop.is_closed() and (tasks := asyncio.all_tasks(loop)):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=LAST_TASKS_S))
