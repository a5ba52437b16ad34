"""Is a column over all rows what its head promised? The answer, and never in silence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from training.kinds import find_date_format, infer, is_missing, parse_number
from training.table import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    NUMBER,
    TEXT,
    Column,
    Dialect,
    shown,
)

# So few cells that do not fit are mistakes in the cells; more are a mistake about the column.
_TOLERATED = 0.01
_NOUNS = {NUMBER: "numbers", DATE: "dates"}


@dataclass(frozen=True, slots=True)
class Settled:
    """The values of a column in their final form, with what was found out about them."""

    values: pd.Series
    column: Column
    warnings: tuple[str, ...] = ()


def describe_numbers(column: Column, values: pd.Series, dialect: Dialect) -> Settled:
    """Count what there is to know about a column that was read as numbers."""
    numbers = values.to_numpy()
    warnings: tuple[str, ...] = ()
    if numbers.dtype.kind == "f" and np.isinf(numbers).any():
        warnings = (
            f"“{shown(column.name)}” has {int(np.isinf(numbers).sum()):,} infinite values; "
            "they are treated as missing.",
        )
        values = values.mask(np.isinf(numbers))
    present = values.dropna()
    if present.empty:
        column = replace(
            column, missing=len(values), distinct=0, hints=(EMPTY,), examples=(), kind=NUMBER
        )
        return Settled(values.astype("float64"), column, warnings)
    integer = present.dtype.kind in "iu" or bool((present == present.round()).all())
    distinct = int(present.nunique())
    found = replace(
        column,
        kind=NUMBER,
        missing=int(values.isna().sum()),
        distinct=distinct,
        integer=integer,
        low=float(present.min()),
        high=float(present.max()),
        hints=_number_hints(column, values, distinct, integer, dialect),
    )
    return Settled(values, found, warnings + _changed(column, found, len(values)))


def _number_hints(
    column: Column, values: pd.Series, distinct: int, integer: bool, dialect: Dialect
) -> tuple[str, ...]:
    if distinct == 1 and not values.isna().any():
        return (CONSTANT,) if len(values) > 1 else ()
    if distinct < len(values) or not integer:
        return ()
    # The rule for ids looks at spelled cells; a thousand of them say enough.
    cells = [str(int(number)) for number in values.head(1000)]
    return infer(column.name, dict.fromkeys(cells, 1), dialect, cells).hints


def settle(column: Column, values: pd.Series, dialect: Dialect) -> Settled:
    """Give text its final kind: category, text, date or number."""
    texts = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
    cells = [str(cell) for cell in texts.cat.categories]
    totals = np.bincount(texts.cat.codes[texts.notna()], minlength=len(cells))
    counts = {cell: int(total) for cell, total in zip(cells, totals, strict=True)}
    missing = int(texts.isna().sum())
    if missing:
        counts[""] = counts.get("", 0) + missing
    ordered = ["" if code < 0 else cells[code] for code in texts.cat.codes.head(1000).tolist()]
    found = infer(column.name, counts, dialect, ordered)
    kept = _kept_kind(column, found, counts, dialect)
    if kept is None:
        settled = _converted(texts, found, dialect)
        return Settled(settled, found, _changed(column, found, len(values)))
    settled = _converted(texts, kept, dialect)
    odd = int(settled.isna().sum()) - found.missing
    kept = replace(kept, missing=int(settled.isna().sum()))
    if not odd:
        return Settled(settled, kept)
    first = int(np.flatnonzero((settled.isna() & texts.notna()).to_numpy())[0])
    warning = (
        f"“{shown(column.name)}”: {odd:,} of {len(values):,} cells are no {_NOUNS[kept.kind]} "
        f"(the first is “{shown(str(texts.iloc[first]))}” in row {first + 1:,}); they are "
        "treated as missing."
    )
    return Settled(settled, kept, (warning,))


def _kept_kind(
    column: Column, found: Column, counts: dict[str, int], dialect: Dialect
) -> Column | None:
    """Return the column as promised where a few cells alone speak against it."""
    if column.kind == found.kind or column.kind not in _NOUNS:
        return None
    present = {cell.strip(): count for cell, count in counts.items() if not is_missing(cell)}
    if not present:
        return None
    if column.kind == NUMBER:
        fitting = {
            c for c in present if parse_number(c, dialect.decimal, dialect.thousands) is not None
        }
    else:
        fitting = {c for c in present if find_date_format([c]) == column.date_format}
    odd = [cell for cell in present if cell not in fitting]
    # A code such as 007 is no mistake in a cell: it says what the whole column is.
    if any(cell.lstrip("+-").isdigit() for cell in odd):
        return None
    if sum(present[cell] for cell in odd) > _TOLERATED * sum(present.values()):
        return None
    facts: dict[str, Any] = {"distinct": len(fitting), "hints": ()}
    if column.kind == NUMBER:
        numbers = [parse_number(c, dialect.decimal, dialect.thousands) or 0.0 for c in fitting]
        facts |= {"low": min(numbers), "high": max(numbers)}
        facts["integer"] = all(number.is_integer() for number in numbers)
    return replace(column, **facts)


def _converted(texts: pd.Series, column: Column, dialect: Dialect) -> pd.Series:
    """Return the values as the dtype of the column's kind; each different cell is read once."""
    cells = [str(cell).strip() for cell in texts.cat.categories]
    if column.kind == NUMBER:
        numbers = [parse_number(c, dialect.decimal, dialect.thousands) for c in cells]
        return _mapped(texts, np.array([np.nan if n is None else n for n in numbers], "float64"))
    if column.kind == DATE:
        dates = pd.to_datetime(
            pd.Series(cells, dtype="str"), format=column.date_format, errors="coerce", utc=True
        )
        return _mapped(texts, dates.dt.tz_localize(None).to_numpy())
    clean = pd.Series([None if is_missing(cell) else cell for cell in cells], dtype="str")
    values = _mapped(texts, clean.to_numpy(dtype=object))
    return values.astype("str" if column.kind == TEXT else "category")


def _mapped(texts: pd.Series, by_code: np.ndarray) -> pd.Series:
    codes = texts.cat.codes.to_numpy()
    nothing = {"O": None, "M": np.datetime64("NaT"), "f": np.nan}[by_code.dtype.kind]
    table = np.append(by_code, np.array([nothing], dtype=by_code.dtype))
    return pd.Series(table[codes], index=texts.index, name=texts.name)


def _changed(before: Column, after: Column, rows: int) -> tuple[str, ...]:
    alike = {CATEGORY, TEXT, BOOLEAN}
    if before.kind == after.kind or {before.kind, after.kind} <= alike or EMPTY in before.hints:
        return ()
    return (
        f"“{shown(before.name)}” looked like {before.kind} in the first rows, but over all "
        f"{rows:,} rows it is {after.kind}, and is used as {after.kind}.",
    )
