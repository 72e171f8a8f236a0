"""Notebook files: read, write, new cells. One place, because nbformat ships no complete types."""

from pathlib import Path
from typing import Any

import nbformat

from leaderboard.errors import NotebookError


def read(path: Path) -> Any:
    """The notebook at `path`, version 4.

    Raises
    ------
    NotebookError
        when there is none, or the file is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, nbformat.reader.NotJSONError) as error:
        raise NotebookError(f"{path}: cannot be read as a notebook: {error}") from error


def write(notebook: Any, path: Path) -> None:
    """Write `notebook` to `path`, as JupyterLab would."""
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def markdown(source: str) -> Any:
    """A new Markdown cell."""
    return nbformat.v4.new_markdown_cell(source)  # type: ignore[no-untyped-call]
