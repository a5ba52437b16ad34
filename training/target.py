"""From a table and a target to features and answers that can be learnt, or a sentence why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from training.problem import (
    BINARY,
    MULTICLASS,
    REGRESSION,
    TargetError,
    find_target,
    guess,
    order_classes,
)
from training.roles import NO_ROLES, Roles
from training.table import NUMBER, Column, listed, shown

MIN_ROWS = 20
HOLD_OUT = 0.2
_KEPT = 1 - HOLD_OUT


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learnt: features, answers, and the terms of the contest."""

    kind: str
    reason: str
    target: str
    features: pd.DataFrame
    columns: tuple[Column, ...]
    answers: np.ndarray
    classes: tuple[str, ...]
    folds: int
    warnings: tuple[str, ...]
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


def make_task(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    target: str,
    folds: int = 5,
    wanted: str = "",
    roles: Roles = NO_ROLES,
) -> Task:
    """Check the target, drop the rows that cannot take part, and say so."""
    roles.check(columns, target)
    column = find_target(columns, target)
    warnings: list[str] = []
    known = _known(frame[target], target, warnings)
    answers = frame.loc[known, target]
    _refuse_few(len(answers))
    found = guess(replace(column, distinct=int(answers.nunique())), len(answers), wanted)
    features = frame.loc[known].drop(columns=[target])
    kind = found.kind
    classes: tuple[str, ...] = ()
    if kind == REGRESSION:
        values = answers.to_numpy(dtype="float64")
        folds = min(folds, max(2, len(values) // 10))
    else:
        spelled = _spelled(answers, column)
        folds = _affordable_folds(spelled, folds, target, warnings)
        keep = _frequent(spelled, folds, target, warnings)
        features, spelled = features.loc[keep], spelled[keep]
        _refuse_few(len(spelled))
        classes = order_classes(Counter(spelled.tolist()))
        kind = BINARY if len(classes) == 2 else MULTICLASS
        values = _typed(spelled, column)
    return Task(
        kind=kind,
        reason=found.reason,
        target=target,
        features=features.reset_index(drop=True),
        columns=tuple(c for c in columns if c.name not in {target, roles.group, *roles.ignore}),
        answers=values,
        classes=classes,
        folds=folds,
        warnings=tuple(warnings),
        groups=_codes(features[roles.group]) if roles.group else None,
        times=_moments(features[roles.time]) if roles.time else None,
    )


def _codes(values: pd.Series) -> np.ndarray:
    """Return a number for each different value; rows without one are a group each."""
    codes = pd.factorize(values)[0].astype("int64")
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def _moments(values: pd.Series) -> np.ndarray:
    """Return numbers that grow with time; rows without a time come first."""
    if values.dtype.kind == "M":
        return values.to_numpy().astype("datetime64[s]").astype("int64")
    return values.to_numpy(dtype="float64", na_value=-np.inf)


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
    if rows < MIN_ROWS:
        raise TargetError(
            f"Only {rows} rows can take part; at least {MIN_ROWS} are needed to train and to "
            "check what was learnt. Send more rows."
        )


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
            f"{second} of them, too few to learn from. Send more rows of it."
        )
    if affordable < folds:
        warnings.append(
            f"The class “{shown(counts.index[1])}” has only {second} rows, so {affordable} folds "
            f"are used instead of {folds}."
        )
    return min(folds, affordable)


def _frequent(spelled: np.ndarray, folds: int, target: str, warnings: list[str]) -> np.ndarray:
    """Return which rows stay: a class must be in every fold and in the hold-out part."""
    counts = pd.Series(spelled).value_counts()
    rare = [str(name) for name in counts.index[counts * _KEPT < folds]]
    keep = ~np.isin(spelled, rare)
    if rare:
        warnings.append(
            f"The classes {listed(rare)} of “{shown(target)}” have fewer rows than {folds} folds "
            f"need; their {int((~keep).sum()):,} rows take no part, and no model can predict them."
        )
    return keep
