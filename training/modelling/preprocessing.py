"""From columns to one pipeline: preparation and estimator, fitted together in every fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from skrub import DatetimeEncoder, StringEncoder

from training.algorithms.catalogue import PLAIN, SCALED, Algorithm
from training.algorithms.estimators import Situation, make_estimator
from training.problem.problem_type import BINARY, CLUSTERING, MULTICLASS, REGRESSION, TargetError
from training.tables.schema import BOOLEAN, CATEGORY, DATE, HINTS, NUMBER, TEXT, Column
from training.text import listed

FEW, MANY = 30, 250
_TEXT_PARTS = 12
_MAX_TEXTS = 5
_SPREAD_CLASSES = 10
_TARGET_TYPES = {BINARY: "binary", MULTICLASS: "multiclass", REGRESSION: "continuous"}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which columns are prepared in which way."""

    numbers: tuple[str, ...]
    few: tuple[str, ...]
    many: tuple[str, ...]
    crowded: tuple[str, ...]
    dates: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """All columns that take part."""
        return self.numbers + self.few + self.many + self.crowded + self.dates + self.texts

    @property
    def width(self) -> int:
        """About how many numbers a row has after preparation."""
        codes = len(self.many) + len(self.crowded)
        expanded = 8 * len(self.few) + 8 * len(self.dates) + _TEXT_PARTS * len(self.texts)
        return 2 * len(self.numbers) + codes + expanded

    def of_filled(self, frame: pd.DataFrame) -> Plan:
        """Return the plan without columns that have no value in these rows.

        A column that is nearly empty can be empty in a fold, and there is nothing to fit then.
        """
        filled = {name for name in self.features if frame[name].notna().any()}
        kept = {
            part.name: tuple(name for name in getattr(self, part.name) if name in filled)
            for part in fields(self)
        }
        return Plan(**kept)


def make_plan(columns: Sequence[Column]) -> tuple[Plan, tuple[str, ...]]:
    """Sort the columns by what they need, and tell which are left out and why."""
    used = [column for column in columns if not column.is_left_out]
    warnings = _left_out(columns)
    categories = [c for c in used if c.kind in (CATEGORY, BOOLEAN)]
    texts = [c.name for c in used if c.kind == TEXT]
    if len(texts) > _MAX_TEXTS:
        warnings.append(
            f"Only {_MAX_TEXTS} columns of free text are used; left out: "
            f"{listed(texts[_MAX_TEXTS:])}."
        )
    plan = Plan(
        numbers=tuple(c.name for c in used if c.kind == NUMBER),
        few=tuple(c.name for c in categories if c.distinct <= FEW),
        many=tuple(c.name for c in categories if FEW < c.distinct <= MANY),
        crowded=tuple(c.name for c in categories if c.distinct > MANY),
        dates=tuple(c.name for c in used if c.kind == DATE),
        texts=tuple(texts[:_MAX_TEXTS]),
    )
    if not plan.features:
        raise TargetError(
            "There is no column left to learn from: all but the target are empty, constant or "
            "ids. Upload a table with columns that say something about the target."
        )
    return plan, tuple(warnings)


def _left_out(columns: Sequence[Column]) -> list[str]:
    warnings = []
    for hint, meaning in HINTS.items():
        names = [column.name for column in columns if hint in column.hints]
        if names:
            verb = "is" if len(names) == 1 else "are"
            warnings.append(f"{listed(names)} {verb} left out: {meaning}.")
    return warnings


def make_pipeline_for(
    algorithm: Algorithm,
    plan: Plan,
    problem: str,
    rows: int,
    classes: int,
    seed: int,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> Pipeline:
    """Return the whole unfitted model: columns in, answers out."""
    if algorithm.view == PLAIN:
        situation = Situation(problem, rows, seed, classes)
        return Pipeline([("model", make_estimator(algorithm.key, situation, settings))])
    if algorithm.view == SCALED:
        steps = _scaled(plan, problem, rows, classes, seed)
        categorical: tuple[int, ...] = ()
    else:
        steps = _ordered(plan, problem, rows, classes, seed)
        categorical = tuple(range(len(plan.few + plan.many)))
    prepare = ColumnTransformer(
        [step for step in steps if step[2]], remainder="drop", sparse_threshold=0
    )
    situation = Situation(problem, rows, seed, classes, categorical)
    model = make_estimator(algorithm.key, situation, settings)
    return Pipeline([("prepare", prepare), ("model", model)])


def _scaled(plan: Plan, problem: str, rows: int, classes: int, seed: int) -> list[tuple]:
    wide = plan.many + plan.crowded
    return [
        ("numbers", make_pipeline(_filled(problem), StandardScaler()), list(plan.numbers)),
        ("few", _one_hot(FEW), list(plan.few)),
        *(
            [("many", make_pipeline(_by_target(problem, seed), StandardScaler()), list(wide))]
            if classes <= _SPREAD_CLASSES and problem != CLUSTERING
            else [("many", _one_hot(FEW), list(wide))]
        ),
        *(
            (f"date{i}", make_pipeline(_date(), _filled(problem), StandardScaler()), name)
            for i, name in enumerate(plan.dates)
        ),
        *(
            (f"text{i}", make_pipeline(_text(rows, seed), StandardScaler()), name)
            for i, name in enumerate(plan.texts)
        ),
    ]


def _ordered(plan: Plan, problem: str, rows: int, classes: int, seed: int) -> list[tuple]:
    # Codes of categories come first, so that boosting can be told their positions.
    crowded = _by_target(problem, seed) if classes <= _SPREAD_CLASSES else _codes()
    return [
        ("categories", _codes(), list(plan.few + plan.many)),
        ("crowded", crowded, list(plan.crowded)),
        ("numbers", "passthrough", list(plan.numbers)),
        *((f"date{i}", _date(), name) for i, name in enumerate(plan.dates)),
        *((f"text{i}", _text(rows, seed), name) for i, name in enumerate(plan.texts)),
    ]


def _filled(problem: str) -> SimpleImputer:
    # Two rows with holes are alike in their holes alone: no reason to be a group.
    adds_indicator = problem != CLUSTERING
    return SimpleImputer(strategy="median", add_indicator=adds_indicator, keep_empty_features=True)


def _one_hot(limit: int) -> OneHotEncoder:
    return OneHotEncoder(
        max_categories=limit, handle_unknown="infrequent_if_exist", sparse_output=False
    )


def _codes() -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=float("nan"),
        encoded_missing_value=float("nan"),
        max_categories=MANY,
    )


def _by_target(problem: str, seed: int) -> TargetEncoder:
    make = KFold if problem == REGRESSION else StratifiedKFold
    return TargetEncoder(
        target_type=_TARGET_TYPES[problem], cv=make(5, shuffle=True, random_state=seed)
    )


def _date() -> DatetimeEncoder:
    return DatetimeEncoder(add_weekday=True)


def _text(rows: int, seed: int) -> StringEncoder:
    # Counting words in a fixed number of bins needs no vocabulary, which long tables make huge.
    vectorizer = "tfidf" if rows <= 20_000 else "hashing"
    return StringEncoder(n_components=_TEXT_PARTS, vectorizer=vectorizer, random_state=seed)
