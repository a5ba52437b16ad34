"""What there is to know about a column that was read as numbers, in few passes over its rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from training.reading.column_check import Checked, changed
from training.tables.column_kind import infer
from training.tables.schema import CONSTANT, EMPTY, NUMBER, Column, Dialect
from training.text import shown

_SOME = 1000


def describe_numbers(column: Column, values: pd.Series, dialect: Dialect) -> Checked:
    """Count the missing and the different values, and find the least and the largest."""
    warnings: tuple[str, ...] = ()
    low, high = _ends(values.to_numpy())
    if np.isinf(low) or np.isinf(high):
        values, warnings = _finite(column.name, values)
        low, high = _ends(values.to_numpy())
    if np.isnan(low):
        column = replace(
            column, missing=len(values), distinct=0, hints=(EMPTY,), examples=(), kind=NUMBER
        )
        return Checked(values.astype("float64"), column, warnings)
    numbers = values.to_numpy()
    missing = int(np.count_nonzero(np.isnan(numbers))) if numbers.dtype.kind == "f" else 0
    distinct, integer = int(values.nunique()), _is_whole(numbers)
    found = replace(
        column,
        kind=NUMBER,
        missing=missing,
        distinct=distinct,
        integer=integer,
        low=low,
        high=high,
        hints=() if missing else _hints(column, values, distinct, integer, dialect),
    )
    return Checked(values, found, warnings + changed(column, found, len(values)))


def _ends(numbers: np.ndarray) -> tuple[float, float]:
    """Return the least and the largest number; NaN if there is none."""
    if not len(numbers):
        return np.nan, np.nan
    return float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers))


def _finite(name: str, values: pd.Series) -> tuple[pd.Series, tuple[str, ...]]:
    beyond = np.isinf(values.to_numpy())
    sentence = (
        f"“{shown(name)}” has {int(beyond.sum()):,} infinite values; they are treated as missing."
    )
    return values.mask(beyond), (sentence,)


def _is_whole(numbers: np.ndarray) -> bool:
    """Tell whether all numbers that are there are whole; a few mostly say that they are not."""
    if numbers.dtype.kind in "iu":
        return True
    return all(_are_whole(part) for part in (numbers[:_SOME], numbers))


def _are_whole(numbers: np.ndarray) -> bool:
    return bool(((numbers == np.rint(numbers)) | np.isnan(numbers)).all())


def _hints(
    column: Column, values: pd.Series, distinct: int, integer: bool, dialect: Dialect
) -> tuple[str, ...]:
    """Return why a column without gaps says nothing to a model, if so."""
    if distinct == 1:
        return (CONSTANT,) if len(values) > 1 else ()
    if distinct < len(values) or not integer:
        return ()
    # The rule for ids looks at spelled cells; a thousand of them say enough.
    cells = [str(int(number)) for number in values.head(_SOME)]
    return infer(column.name, dict.fromkeys(cells, 1), dialect, cells).hints
