"""Convert the text of a column to its dtype; each different cell is read once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from training.tables.column_kind import are_one, is_missing, parse_number, spelled
from training.tables.schema import DATE, NUMBER, TEXT, Column, Dialect

KIND_NOUNS = {NUMBER: "numbers", DATE: "dates"}


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
    """Return the number that a cell spells in the unit of its column: 5 lb is none among kg."""
    found = spelled(cell, dialect.decimal, dialect.thousands)
    if found is None:
        return None
    number, mark = found
    fits = (not mark and (bare or not number)) or are_one({mark or "", column.mark})
    return number if fits else None


def forced_number(cell: str, dialect: Dialect) -> float | None:
    """Return the number that a cell spells, codes such as 007 included."""
    # Where the owner says that it is a number, 007 is seven.
    number = parse_number(cell, dialect.decimal, dialect.thousands)
    return float(cell) if number is None and cell.lstrip("+-").isdecimal() else number


def converted(texts: pd.Series, column: Column, dialect: Dialect, bare: bool = False) -> pd.Series:
    """Return the values as the dtype of the column's kind; each different cell is read once.

    With `bare`, a number without the unit of the column is a number as well.
    """
    cells = [str(cell).strip() for cell in texts.cat.categories.tolist()]
    if column.kind == NUMBER:
        numbers = [
            forced_number(c, dialect) if column.chosen else number_in(c, column, dialect, bare)
            for c in cells
        ]
        return mapped(texts, np.array([np.nan if n is None else n for n in numbers], "float64"))
    if column.kind == DATE:
        dates = pd.to_datetime(
            pd.Series(cells, dtype="str"), format=column.date_format, errors="coerce", utc=True
        )
        return mapped(texts, dates.dt.tz_localize(None).to_numpy())
    if column.kind == TEXT:
        words = np.array([None if is_missing(cell) else cell for cell in cells], dtype=object)
        return mapped(texts, words).astype("str")
    return _sorted(texts, cells)


def _sorted(texts: pd.Series, cells: list[str]) -> pd.Series:
    """Return categories in order, one for all cells that differ in blanks alone."""
    names = sorted({cell for cell in cells if not is_missing(cell)})
    places = {name: place for place, name in enumerate(names)}
    by_code = np.array([places.get(cell, -1) for cell in cells] + [-1], dtype="int32")
    found = pd.Categorical.from_codes(
        by_code[texts.cat.codes.to_numpy()], categories=pd.Index(names, dtype="str")
    )
    return pd.Series(found, index=texts.index, name=texts.name)


def mapped(texts: pd.Series, by_code: np.ndarray) -> pd.Series:
    codes = texts.cat.codes.to_numpy()
    nothing = {"O": None, "M": np.datetime64("NaT", "ns"), "f": np.nan}[by_code.dtype.kind]
    table = np.append(by_code, np.array([nothing], dtype=by_code.dtype))
    return pd.Series(table[codes], index=texts.index, name=texts.name)
