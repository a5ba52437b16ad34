"""Is a column over all rows what its head promised? The answer, and never in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from training.reading.conversion import (
    KIND_NOUNS,
    as_categories,
    converted,
    forced_number,
    mapped,
    number_in,
)
from training.tables.column_kind import infer_numbers, is_missing
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
)
from training.text import listed, shown

# So few cells that do not fit are mistakes in the cells; more are a mistake about the column.
_TOLERATED = 0.01


@dataclass(frozen=True, slots=True)
class Checked:
    """The values of a column in their final form, with what was found out about them."""

    values: pd.Series
    column: Column
    warnings: tuple[str, ...] = ()


def check(column: Column, values: pd.Series, dialect: Dialect) -> Checked:
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
        checked = converted(texts, found, dialect) if known is None else mapped(texts, known)
        messages = changed(column, found, len(values)) or _emptied(column, found, counts)
        return Checked(checked, found, messages)
    return _with_odd_cells(texts, kept, found.missing, dialect)


def _with_odd_cells(texts: pd.Series, kept: Column, missing: int, dialect: Dialect) -> Checked:
    """Convert, and count the cells that could not be: they become missing, not in silence."""
    checked = converted(texts, kept, dialect)
    odd = int(checked.isna().sum()) - missing
    kept = replace(kept, missing=int(checked.isna().sum()))
    if odd <= 0:
        return Checked(checked, kept)
    telling = checked.isna() & ~texts.isin([c for c in texts.cat.categories if is_missing(c)])
    first = int(np.flatnonzero((telling & texts.notna()).to_numpy())[0])
    warning = (
        f"“{shown(kept.name)}”: {odd:,} of {len(texts):,} cells are no {KIND_NOUNS[kept.kind]} "
        f"(the first is “{shown(str(texts.iloc[first]))}” in row {first + 1:,}); they are "
        "treated as missing."
    )
    return Checked(checked, kept, (warning,))


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
            f"“{shown(column.name)}” was chosen to hold {KIND_NOUNS[column.kind]}, but no cell can "
            f"be read as one (the first is “{shown(cells[0])}”). Choose another kind for it."
        )


def _likely_format(cells: list[str]) -> str:
    """Return the format that most of these cells follow as dates."""
    found = Counter(find_date_format([cell]) for cell in cells[:200])
    found.pop("", None)
    return found.most_common(1)[0][0] if found else ""


def _as_chosen(texts: pd.Series, kept: Column, dialect: Dialect) -> Checked:
    if kept.kind in KIND_NOUNS:
        return _with_odd_cells(texts, kept, kept.missing, dialect)
    return Checked(converted(texts, kept, dialect), kept)


def _kept_kind(
    column: Column, found: Column, counts: dict[str, int], dialect: Dialect
) -> Column | None:
    """Return the column as promised where a few cells alone speak against it."""
    if column.kind == found.kind or column.kind not in KIND_NOUNS:
        return None
    present = {cell.strip(): count for cell, count in counts.items() if not is_missing(cell)}
    if not present:
        return None
    numbers = {}
    if column.kind == NUMBER:
        read = ((cell, number_in(cell, column, dialect)) for cell in present)
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
