"""The rows that were sent for prediction: every one at its place, each cell as it was sent.

Own reading instead of pandas, which drops blank lines and stops at a row of another width. All
cells stay text until the columns of the model say what they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.tables.rows import numbered_rows
from training.tables.schema import Dialect, Preview, ReadingError

_REPORT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class SentRows:
    """Rows as columns of text, (rows, columns) of categories; `unread` are rows without an answer.

    `unread` has position -> the reason, for rows whose cells do not fit the columns.
    """

    frame: pd.DataFrame
    dialect: Dialect
    unread: Mapping[int, str] = field(default_factory=dict)


class _Cells:
    """One column: each different cell once, and the code of every row."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.codes = array("i")

    def add(self, cell: str) -> None:
        self.codes.append(self.known.setdefault(cell, len(self.known)))

    def series(self) -> pd.Series:
        names = pd.Index(list(self.known), dtype="str")
        codes = np.frombuffer(self.codes, dtype="int32") if self.codes else np.empty(0, "int32")
        return pd.Series(pd.Categorical.from_codes(codes, categories=names))


class _Rows:
    """All columns, and the rows whose cells do not fit them."""

    def __init__(self, width: int) -> None:
        self.columns = [_Cells() for _ in range(width)]
        self.unread: dict[int, str] = {}
        self.count = 0
        self.blank = 0  # lines without anything, which are rows unless the file ends with them

    def add(self, line: int, cells: Sequence[str]) -> None:
        width = len(self.columns)
        if not cells or (width > 1 and list(cells) == [""]):
            self.blank += 1
            return
        self.fill_blank()
        if len(cells) != width:
            self.unread[self.count] = f"line {line} has {len(cells)} cells instead of {width}"
        self._append(cells)

    def fill_blank(self) -> None:
        for _ in range(self.blank):
            self._append(())
        self.blank = 0

    def _append(self, cells: Sequence[str]) -> None:
        for place, column in enumerate(self.columns):
            column.add(cells[place] if place < len(cells) else "")
        self.count += 1


def read_sent(path: Path, seen: Preview, on_rows: Callable[[int], None]) -> SentRows:
    """Read every row of a file, as `seen` says. Raises ReadingError."""
    dialect, rows = seen.dialect, _Rows(len(seen.columns))
    first = dialect.skip + int(dialect.header)
    with path.open(encoding=dialect.encoding, errors=dialect.errors, newline="") as file:
        try:
            for before, (line, _, cells) in enumerate(numbered_rows(file, dialect.separator)):
                if before >= first:
                    rows.add(line, cells)
                    if before % _REPORT_EVERY == 0:
                        on_rows(rows.count)
        except UnicodeDecodeError as error:
            raise ReadingError(
                f"The file holds bytes that are not {dialect.encoding} text. Save it as UTF-8, or "
                "choose its encoding."
            ) from error
    if len(rows.columns) == 1:  # each line of a table of one column is a row, the last as well
        rows.fill_blank()
    if not rows.count:
        raise ReadingError("The file has no rows.")
    series = zip(seen.columns, rows.columns, strict=True)
    frame = pd.DataFrame({column.name: cells.series() for column, cells in series})
    return SentRows(frame, dialect, rows.unread)


def sent_rows(rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> SentRows:
    """Return rows of a form or of JSON; numbers of JSON are spelled with the training's marks."""
    columns: dict[str, _Cells] = {name: _Cells() for row in rows for name in row}
    for row in rows:
        for name, column in columns.items():
            column.add(_spelled(row.get(name), dialect))
    frame = pd.DataFrame(
        {name: column.series() for name, column in columns.items()}, index=range(len(rows))
    )
    return SentRows(frame, dialect)


def _spelled(value: Any, dialect: Dialect) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return text.replace(".", dialect.decimal)
    return str(value)
