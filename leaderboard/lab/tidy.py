"""Rows and the types of their columns as a table."""

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

TEXT: Final = "str"
INSTANT: Final = "datetime64[us, UTC]"


def table(rows: Iterable[Sequence[object]], columns: dict[str, str]) -> pd.DataFrame:
    """`rows` in the order of `columns`, which gives the type of each."""
    frame = pd.DataFrame(list(rows), columns=list(columns))
    return frame.astype(columns)
