"""From a table and a target to features and answers that can be learnt, or a sentence why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from training.metrics import Metric, ranking_metric
from training.problem.column_roles import NO_ROLES, Roles
from training.problem.problem_type import (
    BINARY,
    CLUSTERING,
    FEWEST_ROWS,
    MULTICLASS,
    REGRESSION,
    TargetError,
    few_rows,
    find_target,
    guess,
    guess_groups,
    order_classes,
)
from training.tables.schema import NUMBER, Column, with_kinds
from training.text import listed, shown

HOLD_OUT = 0.2
_KEPT = 1 - HOLD_OUT
# Rows of a class in the training part: each fold learns from all but one of them.
_FEWEST_OF_CLASS = 4
# Trees keep numbers in 32 bits, and errors are squared.
_REACH, _TARGET_REACH = 1e36, 1e150


@dataclass(frozen=True, slots=True)
class LearningTask:
    """What is to be learnt: features, answers, and the terms of the experiment."""

    kind: str
    reason: str
    target: str
    features: pd.DataFrame
    columns: tuple[Column, ...]
    answers: np.ndarray
    classes: tuple[str, ...]
    folds: int
    warnings: tuple[str, ...]
    metric: Metric
    """The measure that ranks."""
    groups: np.ndarray | None = None
    times: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """How many rows take part."""
        return len(self.answers)

    @property
    def positive(self) -> str:
        """Of two classes, the one that the scores look for."""
        return self.classes[1] if self.kind == BINARY else ""


def make_learning_task(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    target: str,
    folds: int = 5,
    wanted: str = "",
    roles: Roles = NO_ROLES,
    positive: str = "",
    metric: str = "",
) -> LearningTask:
    """Check the target, drop the rows that cannot take part, and say so.

    `positive` is the class that the owner looks for, of two; `metric` is the key of the measure
    that ranks. Raises TargetError.
    """
    roles.check(columns, target)
    if wanted == CLUSTERING:
        return _untargeted(frame, columns, folds, roles)
    column = find_target(columns, target)
    warnings: list[str] = []
    frame = _timed(frame, roles, warnings)
    known = _known(frame[target], target, warnings)
    answers = frame.loc[known, target]
    _refuse_few(len(answers))
    found = guess(replace(column, distinct=int(answers.nunique())), len(answers), wanted)
    features = _within_reach(frame.loc[known].drop(columns=[target]), columns, warnings)
    kind, classes, extremes = found.kind, tuple[str, ...](), tuple[float, ...]()
    if kind == REGRESSION:
        values = answers.to_numpy(dtype="float64")
        extremes = float(values.min()), float(np.abs(values).min())
        _refuse_huge(values, target)
        folds = min(folds, max(2, len(values) // 10))
    else:
        keep, spelled, folds = _learnable(_spelled(answers, column), folds, target, warnings)
        features, values = features.loc[keep], _typed(spelled, column)
        classes = order_classes(Counter(spelled.tolist()), positive)
        kind = BINARY if len(classes) == 2 else MULTICLASS
    return LearningTask(
        kind=kind,
        reason=found.reason,
        target=target,
        features=features.reset_index(drop=True),
        columns=_taking_part(columns, target, roles),
        answers=values,
        classes=classes,
        folds=folds,
        warnings=tuple(warnings),
        metric=ranking_metric(kind, metric, target, extremes),
        **_sides(features, roles),
    )


def _learnable(
    spelled: np.ndarray, folds: int, target: str, warnings: list[str]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return which rows stay, their classes, and how many folds these classes allow."""
    folds = _affordable_folds(spelled, folds, target, warnings)
    keep = _frequent(spelled, folds, target, warnings)
    _refuse_few(int(keep.sum()))
    return keep, spelled[keep], folds


def _untargeted(
    frame: pd.DataFrame, columns: Sequence[Column], folds: int, roles: Roles
) -> LearningTask:
    """Return the task of finding groups: all rows take part, and none has an answer."""
    warnings: list[str] = []
    frame = _timed(frame, roles, warnings)
    _refuse_few(len(frame))
    features = _within_reach(frame.reset_index(drop=True), columns, warnings)
    return LearningTask(
        kind=CLUSTERING,
        reason=guess_groups(columns).reason,
        target="",
        features=features,
        columns=_taking_part(columns, "", roles),
        answers=np.zeros(len(features)),
        classes=(),
        folds=min(folds, max(2, len(features) // 20)),
        warnings=tuple(warnings),
        metric=ranking_metric(CLUSTERING),
        **_sides(features, roles),
    )


def _sides(features: pd.DataFrame, roles: Roles) -> dict[str, np.ndarray | None]:
    """Return what decides on which side of a split a row comes."""
    return {
        "groups": _codes(features[roles.group]) if roles.group else None,
        "times": _moments(features[roles.time]) if roles.time else None,
    }


def _taking_part(columns: Sequence[Column], target: str, roles: Roles) -> tuple[Column, ...]:
    apart = {target, roles.group, *roles.ignore}
    # The time splits the rows because somebody said so: it is no id then.
    used = with_kinds(columns, {}, (*roles.use, roles.time))
    return tuple(column for column in used if column.name not in apart)


def _timed(frame: pd.DataFrame, roles: Roles, warnings: list[str]) -> pd.DataFrame:
    """Return the rows that have a time, if time splits them: the others are neither old nor new."""
    if not roles.time or not (absent := frame[roles.time].isna()).any():
        return frame
    warnings.append(
        f"{int(absent.sum()):,} rows have no value of the time “{shown(roles.time)}” and take no "
        "part."
    )
    return frame.loc[~absent]


def _within_reach(
    features: pd.DataFrame, columns: Sequence[Column], warnings: list[str]
) -> pd.DataFrame:
    """Return the features without numbers that no model can hold, and say so."""
    for column in columns:
        if column.kind == NUMBER and column.name in features:
            beyond = features[column.name].abs() > _REACH
            if beyond.any():
                values = features[column.name].astype("float64").mask(beyond)
                features = features.assign(**{column.name: values})
                warnings.append(
                    f"“{shown(column.name)}” has {int(beyond.sum()):,} values beyond {_REACH:.0e}; "
                    "they are treated as missing. Check how they came there."
                )
    return features


def _refuse_huge(values: np.ndarray, target: str) -> None:
    if np.abs(values).max() > _TARGET_REACH:
        raise TargetError(
            f"The target “{shown(target)}” has values beyond {_TARGET_REACH:.0e}, whose errors "
            "cannot be computed. Divide them by a round number, or correct them."
        )


def _codes(values: pd.Series) -> np.ndarray:
    """Return a number for each different value; rows without one are a group each."""
    codes = pd.factorize(values)[0].astype("int64")
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _moments(values: pd.Series) -> np.ndarray:
    """Return numbers that grow with time, (rows,); every row has a time."""
    if values.dtype.kind == "M":
        return values.to_numpy().astype("datetime64[s]").astype("int64")
    return values.to_numpy(dtype="float64")


def _known(answers: pd.Series, target: str, warnings: list[str]) -> pd.Series:
    """Return which rows have an answer."""
    known = answers.notna()
    if not known.any():
        raise TargetError(
            f"The target “{shown(target)}” has no value in any row. Choose another column."
        )
    if not known.all():
        warnings.append(
            f"{int((~known).sum()):,} rows have no value of the target “{shown(target)}” "
            "and take no part."
        )
    return known


def _refuse_few(rows: int) -> None:
    if rows < FEWEST_ROWS:
        raise TargetError(few_rows(rows))


def _spelled(answers: pd.Series, column: Column) -> np.ndarray:
    if column.kind == NUMBER and column.integer:
        return answers.astype("int64").astype(str).to_numpy(dtype=object)
    return answers.astype(str).to_numpy(dtype=object)


def _typed(spelled: np.ndarray, column: Column) -> np.ndarray:
    # Codes stay numbers, so that the saved model answers 1 where the table says 1.
    if column.kind == NUMBER and column.integer:
        return spelled.astype("int64")
    return spelled


def _affordable_folds(spelled: np.ndarray, folds: int, target: str, warnings: list[str]) -> int:
    counts = pd.Series(spelled).value_counts()
    second = int(counts.iloc[1])
    affordable = int(second * _KEPT)
    if affordable < 2:
        raise TargetError(
            f"Nearly every row has the value “{shown(counts.index[0])}” in the target "
            f"“{shown(target)}”: the next one, “{shown(counts.index[1])}”, stands in only "
            f"{second} of them, too few to learn from. Add more rows of it."
        )
    if affordable < folds:
        warnings.append(
            f"The class “{shown(counts.index[1])}” has only {second} rows, so {affordable} folds "
            f"are used instead of {folds}."
        )
    return min(folds, affordable)


def _frequent(spelled: np.ndarray, folds: int, target: str, warnings: list[str]) -> np.ndarray:
    """Return which rows stay: every fold must have some rows of a class to learn from."""
    counts = pd.Series(spelled).value_counts()
    rare = [str(name) for name in counts.index[counts * _KEPT < min(folds, _FEWEST_OF_CLASS)]]
    keep = ~np.isin(spelled, rare)
    if few := [str(name) for name in counts.index[counts * _KEPT < folds] if str(name) not in rare]:
        warnings.append(
            f"The classes {listed(few)} of “{shown(target)}” have so few rows that some folds test "
            "without them: their own scores are rough."
        )
    if rare:
        warnings.append(
            f"The classes {listed(rare)} of “{shown(target)}” have too few rows to learn from in "
            f"{folds} folds; their {int((~keep).sum()):,} rows take no part, and no model can "
            "predict them."
        )
    return keep
