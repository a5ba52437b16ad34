"""What the rows of each group have in common, as a table of words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from jobsite.jobs.formats import percent
from training.problem.problem_type import group_name
from training.tables.schema import BOOLEAN, CATEGORY, DATE, NUMBER, Column
from training.text import shown

_MOST_COLUMNS = 15


def profile(
    features: pd.DataFrame, columns: Sequence[Column], labels: np.ndarray, groups: int
) -> dict[str, Any]:
    """Return the size of each group and, for the columns that tell them apart best, a cell each."""
    sizes = np.bincount(labels, minlength=groups)
    ranked = [
        (_apart(features[column.name], column, labels), column)
        for column in columns
        if column.kind in (NUMBER, CATEGORY, BOOLEAN, DATE) and not column.is_left_out
    ]
    ranked.sort(key=lambda pair: -pair[0])
    return {
        "groups": [
            {"name": group_name(number), "rows": int(size), "share": float(size / len(labels))}
            for number, size in enumerate(sizes)
        ],
        "columns": [
            {
                "column": column.name,
                "apart": round(apart, 3),
                "all": _typical(features[column.name], column),
                "cells": [
                    _typical(features[column.name][labels == number], column)
                    for number in range(groups)
                ],
            }
            for apart, column in ranked[:_MOST_COLUMNS]
        ],
    }


def _apart(values: pd.Series, column: Column, labels: np.ndarray) -> float:
    """Return how much of what varies in a column lies between the groups, 0 to 1."""
    if column.kind in (CATEGORY, BOOLEAN):
        table = pd.crosstab(values.astype(str), labels).to_numpy(dtype="float64")
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        chi = float(((table - expected) ** 2 / expected).sum())
        return chi / (table.sum() * max(1, min(table.shape) - 1))
    numbers = values.astype("int64") if column.kind == DATE else values
    known = numbers[values.notna()].astype("float64")
    if not len(known) or float(known.var(ddof=0)) == 0:
        return 0.0
    means = known.groupby(labels[values.notna().to_numpy()]).transform("mean")
    return float(means.var(ddof=0) / known.var(ddof=0))


def _typical(values: pd.Series, column: Column) -> str:
    """Return the mean of numbers, the middle of dates, the most frequent word and its share."""
    present = values.dropna()
    if not len(present):
        return "no value"
    if column.kind == NUMBER:
        return f"{float(present.mean()):,.4g}"
    if column.kind == DATE:
        return str(present.sort_values().iloc[len(present) // 2])[:10]
    counts = present.astype(str).value_counts()
    return f"{shown(str(counts.index[0]), 24)} ({percent(counts.iloc[0] / len(present))})"
