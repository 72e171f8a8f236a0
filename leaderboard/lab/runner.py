"""Run notebooks headlessly with papermill, and judge them.

A run has failed when a cell raised, hung or lost its kernel, when a recorded quantity is not as
expected, or when it left topics, groups or keys behind. Each run has a run id of its own.

Never here: what the terminal shows (that is `cli`), or reports (that is `report`).
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import papermill  # type: ignore[import-untyped]
from msgspec import Struct
from nbclient.exceptions import CellTimeoutError
from papermill.exceptions import PapermillException  # type: ignore[import-untyped]
from redis import Redis

from leaderboard.lab import leftovers, measures, nbfile, parameters, runs, watchdog
from leaderboard.lab.kernels import kernel_manager
from leaderboard.lab.measures import Measure
from leaderboard.settings import Settings

TIMEOUT_S: Final = 120.0
DUMP_BEFORE_S: Final = 1.0
RUN_ID: Final = "run_id"


class Outcome(Struct, frozen=True):
    """How one run ended: `failures` in words (none: it passed), where its copy is, what it took."""

    name: str
    path: str
    seconds: float
    failures: list[str]
    measures: list[Measure]
    stack_dump: str = ""
    report: str = ""

    @property
    def ok(self) -> bool:
        return not self.failures


def find(names: Sequence[str], folder: Path) -> list[Path]:
    """The notebooks of `names`: a number, a name, or a path; all of `folder` when there are none.

    Raises
    ------
    ParametersError
        when one is not there; lists those that are.
    """
    known = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    return [_find(name, known) for name in names] if names else known


def _find(name: str, known: Sequence[Path]) -> Path:
    if name.endswith(".ipynb") and Path(name).is_file():
        return Path(name).resolve()
    wanted = name.removesuffix(".ipynb")
    for path in known:
        if wanted in (path.stem, path.stem.partition("_")[0]):
            return path
    listed = ", ".join(path.stem for path in known) or "none"
    raise parameters.ParametersError(f"no notebook {name!r}; known: {listed}")


class Runner:
    """Runs notebooks one after the other against running servers.

    Parameters
    ----------
    settings
        With the servers' addresses filled in.
    folder
        Where executed copies and stack dumps go.
    timeout_s
        Longest a single cell may take.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        *,
        timeout_s: float = TIMEOUT_S,
        progress: bool = True,
    ) -> None:
        self._settings = settings
        self._folder = folder.resolve()  # papermill changes the working folder
        self._timeout_s = timeout_s
        self._progress = progress

    def run(self, path: Path, values: Mapping[str, Any]) -> Outcome:
        """Run one notebook with parameters that `parameters.check` has let through."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob(f"{path.stem}.*"):
            old.unlink()
        copy, failed, dump, log = (
            self._folder / f"{path.stem}{end}"
            for end in (".ipynb", ".failed.ipynb", ".stack.txt", ".kernel.log")
        )
        run_id = f"run-{secrets.token_hex(4)}"
        began = time.monotonic()
        with log.open("wb") as file:
            failures = self._execute(path, copy, dump, file, {**self._own(path, run_id), **values})
        seconds = time.monotonic() - began
        left = self._sweep(run_id)
        if left and not failures:
            failures.append(f"left behind: {', '.join(left)}")
        found = _measures(copy)
        failures += [repr(measure) for measure in found if measure.ok is False]
        if failures and copy.exists():
            _mark(copy, failures)
            copy = copy.replace(failed)
        else:
            log.unlink()
        if dump.exists() and not dump.stat().st_size:
            dump.unlink()
        return Outcome(
            name=path.stem,
            path=str(copy) if copy.exists() else "",
            seconds=round(seconds, 1),
            failures=failures,
            measures=found,
            stack_dump=str(dump) if dump.exists() else "",
        )

    def _own(self, path: Path, run_id: str) -> dict[str, str]:
        return {RUN_ID: run_id} if RUN_ID in parameters.read(path) else {}

    def _execute(
        self, path: Path, copy: Path, dump: Path, log: IO[bytes], values: Mapping[str, Any]
    ) -> list[str]:
        """Run it; what went wrong. The exception decides: the saved metadata may say otherwise."""
        variables = {
            **self._settings.environment(),
            "IPYTHONDIR": str(self._settings.data_dir.resolve() / "jupyter" / "ipython"),
        }
        try:
            papermill.execute_notebook(
                path, copy, dict(values), cwd=path.parent, kernel_name="python3",
                execution_timeout=self._timeout_s, store_widget_state=False,
                kernel_manager_class=kernel_manager(variables, log),
                extra_arguments=watchdog.arguments(
                    dump.resolve(), max(0.1, self._timeout_s - DUMP_BEFORE_S)
                ),
                progress_bar={"desc": path.stem, "leave": False} if self._progress else False,
            )  # fmt: skip
        except CellTimeoutError:
            where = f"; where every thread stood: {dump.name}"
            return [f"a cell took longer than {self._timeout_s:g} s{where}"]
        except PapermillException as error:
            return [str(error).strip()]
        except RuntimeError as error:  # nbclient's DeadKernelError, and a kernel that did not start
            return [f"the kernel died: {error}"]
        return []

    def _sweep(self, run_id: str) -> list[str]:
        """Delete what the run left behind; stages first: one that just starts makes topics anew."""
        leftovers.stop_orphans(self._settings.data_dir / "lab")
        with Redis.from_url(self._settings.redis, socket_timeout=5) as redis:
            return runs.sweep(run_id, self._settings.kafka, redis)


def _measures(copy: Path) -> list[Measure]:
    return list(measures.read(nbfile.read(copy))) if copy.exists() else []


def _mark(copy: Path, failures: Sequence[str]) -> None:
    """Say on top of the copy that it failed: papermill marks neither time-outs nor our verdicts."""
    notebook = nbfile.read(copy)
    text = "\n".join(failures).replace("`", "'")
    notebook.cells.insert(0, nbfile.markdown(f"**This run failed.**\n\n```text\n{text}\n```"))
    notebook.metadata.setdefault("papermill", {})["exception"] = True
    nbfile.write(notebook, copy)
