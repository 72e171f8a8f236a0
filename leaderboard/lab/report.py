"""What is left of a run to read: an HTML page a notebook, and the measured quantities as JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from nbconvert.exporters import HTMLExporter

from leaderboard.lab import nbfile
from leaderboard.lab.runner import Outcome

TEMPLATES: Final = Path(__file__).parent
TEMPLATE: Final = "report_template"
RESULTS: Final = "results.json"


def html(copy: Path) -> Path:
    """Write the executed copy as one HTML file beside it, pictures inside, nothing loaded."""
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]  # nbconvert types little
        template_name=TEMPLATE, extra_template_basedirs=[str(TEMPLATES)], embed_images=True
    )
    notebook = nbfile.read(copy)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
    notebook.metadata.pop("widgets", None)
    name = copy.name.removesuffix(".ipynb")
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    target = copy.with_suffix(".html")
    target.write_text(page)
    return target


def with_page(outcome: Outcome) -> Outcome:
    """`outcome` with an HTML page of its executed copy, where there is a copy."""
    if not outcome.path:
        return outcome
    return msgspec.structs.replace(outcome, report=str(html(Path(outcome.path))))


def results(outcomes: Sequence[Outcome], folder: Path) -> Path:
    """Write every outcome with its measured quantities to `results.json` in `folder`."""
    rows = [
        {**msgspec.to_builtins(o), "ok": o.ok,
         "measures": [{**msgspec.to_builtins(m), "ok": m.ok} for m in o.measures]}
        for o in outcomes
    ]  # fmt: skip
    target = folder / RESULTS
    target.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
    return target
