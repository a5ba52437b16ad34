"""Convert the text of a column to its dtype; each different cell is read once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from training.cells.dates import ISO, parse_date
from training.cells.durations import MARKS as DURATIONS
from training.cells.marks import in_mark
from training.cells.missing import is_missing
from training.cells.numbers import spelled
from training.cells.spelling import spellings, visible
from training.tables.column_kind import forced_number, has_value
from training.tables.schema import DATE, NUMBER, TEXT, Column, Dialect

_ISO_LENGTHS = frozenset((10, 19, 20))
_MANY_DATES = 2000


def as_categories(values: pd.Series) -> pd.Series:
    """Return text with each different cell kept once, in the order in which they came."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    codes, cells = pd.factorize(values)
    found = pd.Categorical.from_codes(codes, categories=pd.Index(cells, dtype="str"))
    return pd.Series(found, index=values.index, name=values.name)


def joined(parts: list[pd.Series]) -> pd.Series:
    """Return the parts of a column as one."""
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(union_categoricals(parts), name=parts[0].name)
    return pd.concat(parts, ignore_index=True)


def number_in(cell: str, column: Column, dialect: Dialect, bare: bool = False) -> float | None:
    """Return the number that a cell spells in the unit of its column: 500 g are 0.5 kg.

    With `bare`, a number without the unit is one as well.
    """
    found = spelled(cell, dialect.decimal, dialect.thousands)
    if found is None:
        return None
    number, mark = found[0], found[1] or ""
    if not mark and (bare or not number) and column.mark not in DURATIONS:
        return number
    return in_mark(number, mark, column.mark)


def converted(texts: pd.Series, column: Column, dialect: Dialect) -> pd.Series:
    """Return the values as the dtype of the column's kind; each different cell is read once."""
    cells = [visible(str(cell)) for cell in texts.cat.categories.tolist()]
    if column.kind == NUMBER:
        numbers = [
            forced_number(c, dialect) if column.chosen else number_in(c, column, dialect)
            for c in cells
        ]
        return mapped(texts, np.array([np.nan if n is None else n for n in numbers], "float64"))
    if column.kind == DATE:
        return mapped(texts, dates_in(cells, column.date_format))
    if column.kind == TEXT:
        words = np.array([None if is_missing(cell) else cell for cell in cells], dtype=object)
        return mapped(texts, words).astype("str")
    return _sorted(texts, cells, column)


def dates_in(cells: list[str], date_format: str) -> np.ndarray:
    """Return the dates that stripped cells spell, (cells,) of datetime64; NaT where there is none.

    What pandas reads is left to it: the long columns of time stamps are ISO.
    """
    found = np.full(len(cells), np.datetime64("NaT", "us"))
    plain = np.array([len(cell) in _ISO_LENGTHS and cell[4:5] == "-" for cell in cells], dtype=bool)
    if plain.sum() > _MANY_DATES:
        known = pd.Series(cells, dtype="str")[plain]
        read = pd.to_datetime(known, format=ISO, errors="coerce", utc=True)
        found[plain] = read.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    for place in np.flatnonzero(np.isnat(found)).tolist():
        if moment := parse_date(cells[place], date_format):
            found[place] = np.datetime64(moment.at, "us")
    return found


def _sorted(texts: pd.Series, cells: list[str], column: Column) -> pd.Series:
    """Return categories in order, one for all cells that look alike."""
    totals = np.bincount(texts.cat.codes.to_numpy() + 1, minlength=len(cells) + 1)[1:].tolist()
    counts: dict[str, int] = {}
    for cell, total in zip(cells, totals, strict=True):
        counts[cell] = counts.get(cell, 0) + total
    present = {cell: count for cell, count in counts.items() if has_value(cell, column)}
    alike = spellings(present)
    return categorised(
        texts, [alike.get(cell, cell) if cell in present else None for cell in cells]
    )


def categorised(texts: pd.Series, by_code: list[str | None]) -> pd.Series:
    """Return categories in order, with the name of each code of `texts`; None: no value."""
    names = sorted({name for name in by_code if name is not None})
    places: dict[str | None, int] = {name: place for place, name in enumerate(names)}
    codes = np.array([*(places.get(name, -1) for name in by_code), -1], dtype="int32")
    found = pd.Categorical.from_codes(
        codes[texts.cat.codes.to_numpy()], categories=pd.Index(names, dtype="str")
    )
    return pd.Series(found, index=texts.index, name=texts.name)


def mapped(texts: pd.Series, by_code: np.ndarray) -> pd.Series:
    codes = texts.cat.codes.to_numpy()
    nothing = {"O": None, "M": np.datetime64("NaT", "ns"), "f": np.nan}[by_code.dtype.kind]
    table = np.append(by_code, np.array([nothing], dtype=by_code.dtype))
    return pd.Series(table[codes], index=texts.index, name=texts.name)
