"""In what the numbers of a column are given, from the marks of its cells, and each number in it."""

from __future__ import annotations

from collections.abc import Set

from training.cells.durations import MARKS as DURATIONS
from training.cells.durations import merged, seconds_in
from training.cells.unit_factors import common_unit, factor
from training.cells.units import PERCENT, is_unit


def mark_of_all(marks: Set[str]) -> str | None:
    """Return the mark of a column whose cells have these; "" is a number alone.

    None: nobody can tell what is counted, as with kg beside numbers alone. Units of one dimension
    have a common one.
    """
    named = marks - {""}
    if named & DURATIONS:
        return merged(marks) or None
    if len(named) > 1 and "" not in marks:
        return common_unit(named) or None
    if len(named) > 1 or ("" in marks and any(map(_is_exact, named))):
        return None
    return next(iter(named), "")


def in_mark(number: float, mark: str, column_mark: str) -> float | None:
    """Return the number of a cell with `mark` in the mark of its column; None: it is not certain.

    500 g are 0.5 among kg; 5 € are 5 among numbers alone.
    """
    if mark == column_mark:
        return number
    if column_mark in DURATIONS:
        return seconds_in(number, mark, column_mark)
    if "" in (mark, column_mark):
        return None if _is_exact(mark or column_mark) else number
    one = factor(mark, column_mark)
    return None if one is None else number * one


def _is_exact(mark: str) -> bool:
    return mark == PERCENT or mark in DURATIONS or is_unit(mark)
