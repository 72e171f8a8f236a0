"""The parameters of a notebook: what its tagged cell declares, and whether given values fit.

papermill only warns of an unknown name, and its own inspection misses types such as
`float | None`; so the cell is read here, as Python.
"""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from leaderboard.errors import NotebookError
from leaderboard.lab import nbfile

TAG: Final = "parameters"
_TYPES: Final = {
    "int": (int,), "float": (int, float), "str": (str,), "bool": (bool,), "None": (type(None),),
    "tuple": (tuple, list), "list": (list, tuple), "dict": (dict,),
}  # fmt: skip


class ParametersError(NotebookError):
    """A notebook was named or given parameters that do not exist or do not fit: wrong use."""


class Parameter(Struct, frozen=True):
    """A name of the tagged cell, its default, and its type in words ("float | None")."""

    name: str
    default: Any
    type: str

    def accepts(self, value: Any) -> bool:
        """Whether `value` is of the declared type, or is the default."""
        if value == self.default and type(value) is type(self.default):
            return True
        kinds = [kind.partition("[")[0].strip() for kind in self.type.split("|")]
        if isinstance(value, bool):
            return "bool" in kinds
        return any(isinstance(value, _TYPES.get(kind, (object,))) for kind in kinds)


def read(path: Path) -> dict[str, Parameter]:
    """The parameters of the notebook at `path` by name; none when no cell is tagged.

    Raises
    ------
    NotebookError
        when there is no such notebook, or its tagged cell holds more than literals.
    """
    cells = nbfile.read(path).cells
    source = next((c.source for c in cells if TAG in c.metadata.get("tags", ())), "")
    try:
        found = [_parameter(statement) for statement in ast.parse(source).body]
    except (SyntaxError, ValueError) as error:
        raise NotebookError(f"{path}: the cell tagged `{TAG}`: {error}") from error
    return {p.name: p for p in found}


def _parameter(statement: ast.stmt) -> Parameter:
    target: ast.expr
    if isinstance(statement, ast.AnnAssign):
        target, annotation = statement.target, ast.unparse(statement.annotation)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, annotation = statement.targets[0], ""
    else:
        raise ValueError(f"expected `name: type = literal`, got {ast.unparse(statement)}")
    if not isinstance(target, ast.Name) or statement.value is None:
        raise ValueError(f"expected `name: type = literal`, got {ast.unparse(statement)}")
    default = ast.literal_eval(statement.value)
    return Parameter(target.id, default, annotation or type(default).__name__)


def check(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the notebook at `path` takes them: text becomes a literal where one is declared.

    Raises
    ------
    ParametersError
        for a name that is no parameter (lists the known ones), or a value of another type.
    """
    known = read(path)
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ParametersError(
            f"{path.stem}: no parameter {', '.join(unknown)}; known: {', '.join(known) or 'none'}"
        )
    fitting = {name: _literal(known[name], value) for name, value in values.items()}
    for name, value in fitting.items():
        if not known[name].accepts(value):
            raise ParametersError(
                f"{path.stem}: {name}: expected {known[name].type}, got {value!r}"
            )
    return fitting


def _literal(parameter: Parameter, value: Any) -> Any:
    if not isinstance(value, str) or parameter.type == "str":
        return value
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value


def parse(assignments: Iterable[str]) -> dict[str, str]:
    """`["rate=50"]` as a mapping, values still text.

    Raises
    ------
    ParametersError
        when one is no `key=value`.
    """
    pairs = [text.partition("=") for text in assignments]
    wrong = [key for key, equals, _ in pairs if not (equals and key.isidentifier())]
    if wrong:
        raise ParametersError(f"--set: expected key=value, got {wrong[0]!r}")
    return {key: value for key, _, value in pairs}
