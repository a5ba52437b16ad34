"""From the rows of a training to the input schema of its models."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from training.results.input_schema import Input, Inputs
from training.tables.schema import BOOLEAN, CATEGORY, DATE, NUMBER, Column, Dialect

_MOST_VALUES = 50_000


def inputs_of(
    features: pd.DataFrame, columns: Sequence[Column], names: Sequence[str], dialect: Dialect
) -> Inputs:
    """Return the columns that take part, with the values seen in them and a typical one."""
    wanted = set(names)
    items = tuple(
        _input(column, features[column.name]) for column in columns if column.name in wanted
    )
    numbers = [column for column in columns if column.kind == NUMBER]
    has_marks = bool(dialect.thousands) or not all(column.integer for column in numbers)
    return Inputs(items, dialect.header, len(columns), dialect, has_marks)


def _input(column: Column, values: pd.Series) -> Input:
    present = values.dropna()
    if column.kind == NUMBER:
        typical = present.median()
        return Input(column, (), "" if pd.isna(typical) else f"{typical:.6g}")
    if column.kind == DATE:
        return Input(column, (), _date(present))
    counts = present.astype(str).value_counts()
    if column.kind not in (CATEGORY, BOOLEAN):
        return Input(column)
    seen = tuple(sorted(map(str, counts.index))) if len(counts) <= _MOST_VALUES else ()
    return Input(column, seen, str(counts.index[0]) if len(counts) else "")


def _date(present: pd.Series) -> str:
    if present.empty:
        return ""
    day = present.sort_values().iloc[len(present) // 2]
    return day.isoformat(sep=" ").removesuffix(" 00:00:00")
