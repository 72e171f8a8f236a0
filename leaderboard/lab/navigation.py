"""Links between notebooks, generated: a last cell with previous, contents and next, and a README.

The cell is known by its id, so that it is replaced and never doubled.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from leaderboard.errors import NotebookError
from leaderboard.lab import nbfile

CELL_ID: Final = "navigation"
README: Final = "README.md"
_HEAD: Final = """# Notebooks

Run `make lab` and start with the first. Each takes at most 25 minutes; each begins by asking you
for a prediction. This page and the links at the end of each notebook are generated:
`leaderboard notebooks nav`.

| | notebook | objective | time | pattern |
|---|---|---|---|---|
"""


def update(folder: Path, *, write: bool = True) -> list[str]:
    """Bring links and README up to date; returns the names of files that were stale.

    Raises
    ------
    NotebookError
        when a notebook lacks its title, objective, or table of time and pattern.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    notebooks = [nbfile.read(path) for path in paths]
    titles = [_title(path, nb) for path, nb in zip(paths, notebooks, strict=True)]
    stale = []
    for place, (path, notebook) in enumerate(zip(paths, notebooks, strict=True)):
        if _place_links(notebook, _links(paths, titles, place)):
            stale.append(path.name)
            if write:
                nbfile.write(notebook, path)
    rows = [_row(path, title, nb) for path, title, nb in zip(paths, titles, notebooks, strict=True)]
    readme, text = folder / README, _HEAD + "".join(rows)
    if not readme.exists() or readme.read_text() != text:
        stale.append(README)
        if write:
            readme.write_text(text)
    return stale


def _links(paths: Sequence[Path], titles: Sequence[str], place: int) -> str:
    def link(to: int, before: str = "", after: str = "") -> str:
        return f"[{before}{titles[to]}{after}]({paths[to].name})" if 0 <= to < len(paths) else ""

    parts = [link(place - 1, before="← "), f"[Contents]({README})", link(place + 1, after=" →")]
    return " | ".join(filter(None, parts))


def _place_links(notebook: Any, text: str) -> bool:
    """Make the links the last cell; whether anything changed."""
    found = [cell for cell in notebook.cells if cell.get("id") == CELL_ID]
    if found == notebook.cells[-1:] and found and found[0].source == text:
        return False
    cell = nbfile.markdown(text)
    cell["id"] = CELL_ID
    notebook.cells = [c for c in notebook.cells if c.get("id") != CELL_ID] + [cell]
    return True


def _first(path: Path, notebook: Any) -> str:
    cell = notebook.cells[0] if notebook.cells else None
    if cell is None or cell.cell_type != "markdown" or not cell.source.startswith("# "):
        raise NotebookError(
            f"{path.name}: expected a first cell of text that begins with `# title`"
        )
    return str(cell.source)


def _title(path: Path, notebook: Any) -> str:
    return _first(path, notebook).splitlines()[0].removeprefix("# ").strip()


def _row(path: Path, title: str, notebook: Any) -> str:
    lines = _first(path, notebook).splitlines()
    objective = next((x for x in lines if x.startswith("**Objective**")), "")
    number, _, name = title.partition(" · ")
    cells = [c.strip() for x in lines if x.startswith("|") for c in [x.strip("|")]][-1:]
    facts = [c.strip() for c in cells[0].split("|")] if cells else []
    if not objective or len(facts) != 3 or not name:
        raise NotebookError(
            f"{path.name}: expected in the first cell `# NN · title`, a line `**Objective** ...` "
            "and a table | Time | You need | Pattern |"
        )
    aim = objective.removeprefix("**Objective**").strip()
    return f"| {number} | [{name}]({path.name}) | {aim} | {facts[0]} | {facts[2]} |\n"
