"""Checks of a whole table before training: repeated rows, columns that give the answer away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from jobsite.jobs.formats import percent
from training.modelling.task import LearningTask
from training.problem.column_checks import (
    dates_sentence,
    missing_sentence,
    repeats,
    repeats_sentence,
)
from training.problem.column_roles import Roles
from training.problem.problem_type import CLUSTERING, REGRESSION
from training.tables.schema import CATEGORY, DATE, NUMBER, TEXT, Column
from training.text import shown

_FEWEST_THINGS = 20
_RARE = 0.1
# Balanced accuracy, and R2 of a tree whose steps are coarse.
_DECIDES, _FOLLOWS = 0.98, 0.92
_SAMPLE = 3000
_MOST_COLUMNS = 60
_FEW_PER_CLASS = 10


def check_table(task: LearningTask, roles: Roles, seed: int = 0) -> tuple[str, ...]:
    """Return one sentence for each thing that should be looked at."""
    return (
        *_duplicate_rows(task),
        *_duplicate_columns(task),
        *_mostly_missing(task),
        *_leaks(task, seed),
        *_classes(task),
        *_dates(task, roles),
        *_entities(task, roles),
    )


def _duplicate_rows(task: LearningTask) -> Iterator[str]:
    hashes = pd.util.hash_pandas_object(task.features, index=False).to_numpy()
    answers = pd.util.hash_array(task.answers, categorize=False)
    repeated = int(pd.Series(hashes ^ (answers * np.uint64(31))).duplicated().sum())
    if repeated:
        share = repeated / task.rows
        yield (
            f"{repeated:,} of {task.rows:,} rows ({percent(share, 1)}) repeat another row exactly. "
            "A row that is learnt and tested on makes scores look better than they are; remove "
            "repeated rows unless they are real."
        )


def _duplicate_columns(task: LearningTask) -> Iterator[str]:
    first: dict[bytes, str] = {}
    for column in task.columns:
        if column.is_left_out:
            continue
        values = task.features[column.name]
        print_ = pd.util.hash_pandas_object(values.astype(str), index=False).to_numpy().tobytes()
        if (other := first.setdefault(print_, column.name)) != column.name:
            yield (
                f"“{shown(column.name)}” holds the same as “{shown(other)}” in every row. One of "
                "the two can be ignored."
            )


def _mostly_missing(task: LearningTask) -> Iterator[str]:
    for column in task.columns:
        share = task.features[column.name].isna().mean()
        if sentence := missing_sentence(column.name, share):
            yield sentence


def _leaks(task: LearningTask, seed: int) -> Iterator[str]:
    """Return warnings about columns that nearly decide the target alone.

    Such a column mostly gives the target away.
    """
    if task.kind == CLUSTERING:
        return
    rows = np.arange(task.rows)
    if task.rows > _SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, _SAMPLE, replace=False)
    number = task.kind == REGRESSION
    tree = (DecisionTreeRegressor if number else DecisionTreeClassifier)(
        min_samples_leaf=5, random_state=seed
    )
    scoring = "r2" if number else "balanced_accuracy"
    folds = 3 if number else min(3, task.folds)
    answers = task.answers[rows]
    if not number and pd.Series(answers).value_counts().min() < folds:
        return
    for column in task.columns[:_MOST_COLUMNS]:
        if column.is_left_out or column.kind == TEXT:
            continue
        codes = _as_numbers(task.features[column.name].iloc[rows], column)
        score = cross_val_score(tree, codes, answers, scoring=scoring, cv=folds).mean()
        if score >= (_FOLLOWS if number else _DECIDES):
            yield (
                f"“{shown(column.name)}” alone decides “{shown(task.target)}” almost perfectly. It "
                "probably gives the target away: ignore it if it is not known at the time of a "
                "prediction."
            )


def _as_numbers(values: pd.Series, column: Column) -> np.ndarray:
    if column.kind == NUMBER:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    elif column.kind == DATE:
        numbers = values.to_numpy().astype("datetime64[s]").astype("int64").astype("float64")
    else:
        numbers = pd.factorize(values)[0].astype("float64")
    return numbers.reshape(-1, 1)


def _repeats_evenly(values: pd.Series, column: Column) -> bool:
    """Return whether a column has many values that each stand in about as many rows, as visits do.

    A quantity or a category of things has frequent and rare values.
    """
    if column.kind not in (CATEGORY, NUMBER) or (column.kind == NUMBER and not column.integer):
        return False
    counts = values.value_counts().to_numpy()
    if len(counts) < _FEWEST_THINGS or not 2 <= counts.mean() <= len(values) / _FEWEST_THINGS:
        return False
    # Values that are drawn at random differ by more: by the root of their number.
    return bool(counts.std() < 0.5 * np.sqrt(counts.mean()))


def _classes(task: LearningTask) -> Iterator[str]:
    if not task.classes:
        return
    counts = pd.Series(task.answers).astype(str).value_counts()
    rare, share = str(counts.index[-1]), counts.iloc[-1] / task.rows
    if share < _RARE and len(counts) <= 1 / _RARE:
        yield (
            f"Only {percent(share, 1)} of the rows are “{shown(rare)}”: a model that never says so "
            f"is right in {percent(1 - share, 1)} of them. Look at the scores that weigh classes "
            "equally, not at accuracy."
        )
    if task.rows < _FEW_PER_CLASS * len(counts):
        yield (
            f"“{shown(task.target)}” has {len(counts)} classes in {task.rows:,} rows, fewer than "
            f"{_FEW_PER_CLASS} rows a class. Group its values, or add more rows."
        )


def _dates(task: LearningTask, roles: Roles) -> Iterator[str]:
    names = [c.name for c in task.columns if c.kind == DATE and not c.is_left_out]
    if names and not roles.time:
        yield dates_sentence(names)


def _entities(task: LearningTask, roles: Roles) -> Iterator[str]:
    names = [
        column.name
        for column in task.columns
        if not column.is_left_out
        and (repeats(column, task.rows) or _repeats_evenly(task.features[column.name], column))
    ]
    if names and not roles.group:
        yield repeats_sentence(names)
