"""Is a column over all rows what its head promised? The answer, and never in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from training.tables.column_kind import are_one, infer_numbers, is_missing, parse_number, spelled
from training.tables.date_format import find_date_format
from training.tables.schema import (
    BOOLEAN,
    CATEGORY,
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


def settle(column: Column, values: pd.Series, dialect: Dialect) -> Settled:
    """Give text its final kind: category, text, date or number."""
    texts = as_categories(values)
    cells, codes = list(map(str, texts.cat.categories.tolist())), texts.cat.codes.to_numpy()
    # pandas leaves room for one more code in the dtype.
    missing, *totals = np.bincount(codes + 1, minlength=len(cells) + 1).tolist()
    counts = dict(zip(cells, totals, strict=True))
    if missing:
        counts[""] = counts.get("", 0) + missing
    ordered = ["" if code < 0 else cells[code] for code in codes[:1000].tolist()]
    found, numbers = infer_numbers(column.name, counts, dialect, ordered)
    if column.chosen:
        return _as_chosen(texts, _chosen(column, found, counts, dialect), dialect)
    kept = _kept_kind(column, found, counts, dialect)
    if kept is None:
        # As many numbers as cells: they are in the same order.
        known = np.array(numbers) if numbers and len(numbers) == len(cells) else None
        settled = converted(texts, found, dialect) if known is None else _mapped(texts, known)
        news = changed(column, found, len(values)) or _emptied(column, found, counts)
        return Settled(settled, found, news)
    return _with_odd_cells(texts, kept, found.missing, dialect)


def as_categories(values: pd.Series) -> pd.Series:
    """Return text with each different cell kept once, in the order in which they came."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    codes, cells = pd.factorize(values)
    found = pd.Categorical.from_codes(codes, categories=pd.Index(cells, dtype="str"))
    return pd.Series(found, index=values.index, name=values.name)


def joined(parts: list[pd.Series]) -> pd.Series:
    """Return the pieces of a column as one."""
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(union_categoricals(parts), name=parts[0].name)
    return pd.concat(parts, ignore_index=True)


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


def _number(cell: str, column: Column, dialect: Dialect, bare: bool = False) -> float | None:
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
    numbers = {}
    if column.kind == NUMBER:
        read = ((cell, _number(cell, column, dialect)) for cell in present)
        fitting = numbers = {cell: number for cell, number in read if number is not None}
    else:
        fitting = {c: 0.0 for c in present if find_date_format([c]) == column.date_format}
    odd = [cell for cell in present if cell not in fitting]
    # A code such as 007 is no mistake in a cell: it says what the whole column is.
    if any(cell.lstrip("+-").isdigit() for cell in odd):
        return None
    if sum(present[cell] for cell in odd) > _TOLERATED * sum(present.values()):
        return None
    facts: dict[str, Any] = {"distinct": len(fitting), "hints": ()}
    if column.kind == NUMBER:
        facts |= {"low": min(numbers.values()), "high": max(numbers.values())}
        facts["integer"] = all(number.is_integer() for number in numbers.values())
    return replace(column, **facts)


def converted(texts: pd.Series, column: Column, dialect: Dialect, bare: bool = False) -> pd.Series:
    """Return the values as the dtype of the column's kind; each different cell is read once.

    With `bare`, a number without the unit of the column is a number as well.
    """
    cells = [str(cell).strip() for cell in texts.cat.categories.tolist()]
    if column.kind == NUMBER:
        numbers = [
            forced_number(c, dialect) if column.chosen else _number(c, column, dialect, bare)
            for c in cells
        ]
        return _mapped(texts, np.array([np.nan if n is None else n for n in numbers], "float64"))
    if column.kind == DATE:
        dates = pd.to_datetime(
            pd.Series(cells, dtype="str"), format=column.date_format, errors="coerce", utc=True
        )
        return _mapped(texts, dates.dt.tz_localize(None).to_numpy())
    if column.kind == TEXT:
        words = np.array([None if is_missing(cell) else cell for cell in cells], dtype=object)
        return _mapped(texts, words).astype("str")
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


def _mapped(texts: pd.Series, by_code: np.ndarray) -> pd.Series:
    codes = texts.cat.codes.to_numpy()
    nothing = {"O": None, "M": np.datetime64("NaT", "ns"), "f": np.nan}[by_code.dtype.kind]
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


def changed(before: Column, after: Column, rows: int) -> tuple[str, ...]:
    """Say that a column is of another kind than its head promised, if so."""
    alike = {CATEGORY, TEXT, BOOLEAN}
    if before.kind == after.kind or {before.kind, after.kind} <= alike or EMPTY in before.hints:
        return ()
    return (
        f"“{shown(before.name)}” looked like {before.kind} in the first rows, but over all "
        f"{rows:,} rows it is {after.kind}, and is used as {after.kind}.",
    )
