"""Is a column over all rows what its head promised? The answer, and never in silence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from training.cells.dates import parse_date
from training.cells.missing import is_missing
from training.reading.conversion import (
    as_categories,
    converted,
    mapped,
    number_in,
)
from training.tables.column_kind import as_chosen, infer_numbers
from training.tables.preview_warnings import spellings_said
from training.tables.schema import (
    BOOLEAN,
    CATEGORY,
    EMPTY,
    KIND_NOUNS,
    NUMBER,
    TEXT,
    Column,
    Dialect,
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
        chosen = as_chosen(column, found, counts, dialect)
        said = tuple(spellings_said(chosen, counts))
        return _counted(texts, converted(texts, chosen, dialect), chosen, said)
    kept = _kept_kind(column, found, counts, dialect)
    if kept is None:
        # As many numbers as cells: they are in the same order.
        known = np.array(numbers) if numbers and len(numbers) == len(cells) else None
        checked = converted(texts, found, dialect) if known is None else mapped(texts, known)
        messages = changed(column, found, len(values)) or _emptied(column, found, counts)
        return _counted(texts, checked, found, (*messages, *spellings_said(found, counts)))
    return _counted(texts, converted(texts, kept, dialect), kept)


def _counted(
    texts: pd.Series, checked: pd.Series, column: Column, warnings: tuple[str, ...] = ()
) -> Checked:
    """Count the cells that could not be read: they become missing, not in silence."""
    column = replace(column, missing=int(checked.isna().sum()))
    absent = {*column.placeholders, *(c for c in texts.cat.categories if is_missing(c))}
    odd = (checked.isna() & texts.notna() & ~texts.isin(absent)).to_numpy()
    if odd.any():
        places = np.flatnonzero(odd)[:3].tolist()
        named = " and ".join(
            f"“{shown(str(texts.iloc[place]))}” in row {place + 1:,}" for place in places
        )
        warnings += (
            f"“{shown(column.name)}”: {int(odd.sum()):,} of {len(texts):,} cells are no "
            f"{KIND_NOUNS.get(column.kind, column.kind)} ({named}); they are treated as missing.",
        )
    return Checked(checked, column, warnings)


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
        fitting = {c: 0.0 for c in present if parse_date(c, column.date_format)}
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
