"""Is a column over all rows what its head promised? The answer, and never in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from training.dates import find_date_format
from training.kinds import infer, is_missing, parse_number
from training.table import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    ID,
    NUMBER,
    TEXT,
    Column,
    Dialect,
    ReadingError,
    listed,
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
    if column.chosen:
        return _as_chosen(texts, _chosen(column, found, counts, dialect), dialect)
    kept = _kept_kind(column, found, counts, dialect)
    if kept is None:
        settled = converted(texts, found, dialect)
        news = _changed(column, found, len(values)) or _emptied(column, found, counts)
        return Settled(settled, found, news)
    return _with_odd_cells(texts, kept, found.missing, dialect)


def _with_odd_cells(texts: pd.Series, kept: Column, missing: int, dialect: Dialect) -> Settled:
    """Convert, and count the cells that could not be: they become missing, not in silence."""
    settled = converted(texts, kept, dialect)
    odd = int(settled.isna().sum()) - missing
    kept = replace(kept, missing=int(settled.isna().sum()))
    if odd <= 0:
        return Settled(settled, kept)
    telling = settled.isna() & ~texts.isin([c for c in texts.cat.categories if is_missing(c)])
    first = int(np.flatnonzero((telling & texts.notna()).to_numpy())[0])
    warning = (
        f"“{shown(kept.name)}”: {odd:,} of {len(texts):,} cells are no {_NOUNS[kept.kind]} "
        f"(the first is “{shown(str(texts.iloc[first]))}” in row {first + 1:,}); they are "
        "treated as missing."
    )
    return Settled(settled, kept, (warning,))


def _chosen(column: Column, found: Column, counts: dict[str, int], dialect: Dialect) -> Column:
    """Return the column as its owner wants it, with what the cells say about that kind."""
    kept = replace(
        found, kind=column.kind, chosen=True, hints=tuple(h for h in found.hints if h != ID)
    )
    cells = [cell.strip() for cell in counts if not is_missing(cell)]
    if kept.kind == NUMBER:
        numbers = [n for cell in cells if (n := forced_number(cell, dialect)) is not None]
        _refuse_none(column, numbers, cells)
        return replace(
            kept,
            distinct=len(set(numbers)),
            integer=all(number.is_integer() for number in numbers),
            low=min(numbers, default=None),
            high=max(numbers, default=None),
        )
    if kept.kind == DATE:
        known = column.date_format or found.date_format or _likely_format(cells)
        _refuse_none(column, [known] if known else [], cells)
        return replace(kept, date_format=known)
    return kept


def _refuse_none(column: Column, readable: list[Any], cells: list[str]) -> None:
    if cells and not readable:
        raise ReadingError(
            f"“{shown(column.name)}” was chosen to hold {_NOUNS[column.kind]}, but no cell can be "
            f"read as one (the first is “{shown(cells[0])}”). Choose another kind for it."
        )


def _likely_format(cells: list[str]) -> str:
    """Return the format that most of these cells follow as dates."""
    found = Counter(find_date_format([cell]) for cell in cells[:200])
    found.pop("", None)
    return found.most_common(1)[0][0] if found else ""


def _number(cell: str, dialect: Dialect) -> float | None:
    return parse_number(cell, dialect.decimal, dialect.thousands)


def forced_number(cell: str, dialect: Dialect) -> float | None:
    """Return the number that a cell spells, codes such as 007 included."""
    # Where the owner says that it is a number, 007 is seven.
    number = _number(cell, dialect)
    return float(cell) if number is None and cell.lstrip("+-").isdecimal() else number


def _as_chosen(texts: pd.Series, kept: Column, dialect: Dialect) -> Settled:
    if kept.kind in _NOUNS:
        return _with_odd_cells(texts, kept, kept.missing, dialect)
    return Settled(converted(texts, kept, dialect), kept)


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


def converted(texts: pd.Series, column: Column, dialect: Dialect) -> pd.Series:
    """Return the values as the dtype of the column's kind; each different cell is read once."""
    cells = [str(cell).strip() for cell in texts.cat.categories]
    if column.kind == NUMBER:
        number_of = forced_number if column.chosen else _number
        numbers = [number_of(c, dialect) for c in cells]
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


def _emptied(before: Column, after: Column, counts: dict[str, int]) -> tuple[str, ...]:
    """Name the words that first stand for a missing value behind the head of the file."""
    new = [word for word in after.placeholders if word not in before.placeholders]
    total = sum(count for cell, count in counts.items() if cell.strip() in new)
    if not total:
        return ()
    return (
        f"“{shown(after.name)}”: {listed(new, 3)} ({total:,} cells) is taken as a missing value.",
    )


def _changed(before: Column, after: Column, rows: int) -> tuple[str, ...]:
    alike = {CATEGORY, TEXT, BOOLEAN}
    if before.kind == after.kind or {before.kind, after.kind} <= alike or EMPTY in before.hints:
        return ()
    return (
        f"“{shown(before.name)}” looked like {before.kind} in the first rows, but over all "
        f"{rows:,} rows it is {after.kind}, and is used as {after.kind}.",
    )
