"""The scikit-learn estimator behind each key of the catalogue. One thread each: the fits of a
job run side by side, and the same seed gives the same scores on any number of cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from training.algorithms.catalogue import BASELINE, GROUPS
from training.algorithms.lightgbm_library import lightgbm
from training.problem.problem_type import REGRESSION

_TREES = 200
_MANY_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts about a training that an estimator may depend on."""

    problem: str
    rows: int
    seed: int
    classes: int = 0
    categorical: tuple[int, ...] = ()
    """Positions, after preparation, of columns that hold codes of categories."""

    @property
    def is_regression(self) -> bool:
        """True if a number is predicted."""
        return self.problem == REGRESSION


def _baseline(s: Situation) -> Any:
    return DummyRegressor() if s.is_regression else DummyClassifier(strategy="prior")


def _linear(s: Situation) -> Any:
    if s.is_regression:
        return RidgeCV(alphas=[10.0**power for power in range(-3, 5)])
    return LogisticRegression(max_iter=1000, random_state=s.seed)


def _knn(s: Situation) -> Any:
    make = KNeighborsRegressor if s.is_regression else KNeighborsClassifier
    return make(n_neighbors=min(15, max(3, s.rows // 20)), weights="distance", n_jobs=1)


def _tree(s: Situation) -> Any:
    make = DecisionTreeRegressor if s.is_regression else DecisionTreeClassifier
    # The shares of a leaf are its probabilities: few rows make them sure without reason.
    fewest = 4 if s.is_regression else 10
    leaf = max(fewest, min(50, s.rows // 50))
    return make(max_depth=8, min_samples_leaf=leaf, random_state=s.seed)


def _leaf(s: Situation) -> int:
    # Larger leaves make better probabilities, where a class has rows enough to fill them.
    return 5 if s.rows >= 200 * max(s.classes, 5) else 2


def _forest(s: Situation) -> Any:
    if s.is_regression:
        return RandomForestRegressor(
            _TREES, max_features=0.4, min_samples_leaf=2, n_jobs=1, random_state=s.seed
        )
    return RandomForestClassifier(_TREES, min_samples_leaf=_leaf(s), n_jobs=1, random_state=s.seed)


def _extra_trees(s: Situation) -> Any:
    if s.is_regression:
        return ExtraTreesRegressor(
            _TREES, max_features=0.6, min_samples_leaf=2, n_jobs=1, random_state=s.seed
        )
    return ExtraTreesClassifier(_TREES, min_samples_leaf=_leaf(s), n_jobs=1, random_state=s.seed)


def _is_long(s: Situation) -> bool:
    """Return whether a round of boosting takes so long that fewer have to do."""
    return s.rows >= 30_000 or s.classes > 10


def _lightgbm(s: Situation) -> Any:
    make = lightgbm().LGBMRegressor if s.is_regression else lightgbm().LGBMClassifier
    return make(
        n_estimators=1000,
        learning_rate=0.1 if _is_long(s) else 0.05,
        num_leaves=100 if s.rows >= _MANY_ROWS else 31,
        min_child_samples=20 if s.rows >= _MANY_ROWS else 10,
        subsample=0.9,
        subsample_freq=1,
        # Cuts at random places need many rounds: few rows have the time for them.
        extra_trees=s.rows < _MANY_ROWS,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        random_state=s.seed,
        verbose=-1,
    )


def fit_arguments(key: str, categorical: int) -> dict[str, Any]:
    """Return what a fit has to be told: LightGBM, that the first columns are codes."""
    return {"categorical_feature": list(range(categorical))} if key == "lightgbm" else {}


def watching(key: str, learnt: np.ndarray, features: Any, answers: np.ndarray) -> dict[str, Any]:
    """Return arguments of a fit that stops once other rows are not answered better.

    `learnt` are the answers of the fit; `features` (rows, columns), prepared, and `answers` (rows,)
    are those of the other rows.
    """
    if key != "lightgbm":
        return {"X_val": features, "y_val": answers}
    if learnt.dtype.kind not in "fiu":  # it encodes classes of the fit, but not these
        answers = np.searchsorted(np.unique(learnt), answers)
    patience = 30 if len(learnt) >= 30_000 else 50
    return {
        "eval_X": features,
        "eval_y": answers,
        "callbacks": [lightgbm().early_stopping(patience, verbose=False)],
    }


def _boosting(s: Situation) -> Any:
    """Return boosting with the tuned defaults of Holzmueller et al. 2024 (arXiv 2407.04491).

    On few rows small trees on a part of the columns are better; measured on seven tables.
    """
    is_long = _is_long(s)
    make = HistGradientBoostingRegressor if s.is_regression else HistGradientBoostingClassifier
    if s.rows < _MANY_ROWS:
        rate, leaves, leaf, share = 0.03, 15, 20 if s.rows >= 200 else 5, 0.5
    elif s.is_regression:
        rate, leaves, leaf, share = 0.05, 100, 3, 1.0
    else:
        rate, leaves, leaf, share = 0.04, 50, 40, 1.0
    return make(
        max_features=share,
        learning_rate=0.1 if is_long else rate,
        max_iter=1000,
        max_leaf_nodes=leaves,
        min_samples_leaf=leaf,
        early_stopping=True,
        n_iter_no_change=20 if is_long else 50,
        categorical_features=list(s.categorical) or None,
        random_state=s.seed,
    )


def _svm(s: Situation) -> Any:
    if s.is_regression:
        return TransformedTargetRegressor(SVR(cache_size=200), transformer=StandardScaler())
    # Three folds turn distances into probabilities; rankings and plots need those.
    return CalibratedClassifierCV(
        SVC(cache_size=200, random_state=s.seed),
        method="temperature" if s.classes > 2 else "sigmoid",
        ensemble=False,
        cv=3 if s.rows >= 100 else 2,
    )


def _mlp(s: Situation) -> Any:
    settings = {
        "hidden_layer_sizes": (64, 32) if s.rows >= _MANY_ROWS else (256,),
        # Stopping early takes a tenth of the rows away: only where there are many.
        "alpha": 1e-3 if s.rows >= _MANY_ROWS else 1.0,
        "early_stopping": s.rows >= _MANY_ROWS,
        "max_iter": 100,
        "random_state": s.seed,
    }
    if s.is_regression:
        return TransformedTargetRegressor(MLPRegressor(**settings), transformer=StandardScaler())
    return MLPClassifier(**settings)


def _groups(s: Situation, count: int) -> Any:
    return KMeans(count, n_init=5, random_state=s.seed)


_MAKERS: dict[str, Callable[[Situation], Any]] = {
    BASELINE: _baseline,
    "linear": _linear,
    "knn": _knn,
    "tree": _tree,
    "forest": _forest,
    "extra_trees": _extra_trees,
    "lightgbm": _lightgbm,
    "boosting": _boosting,
    "svm": _svm,
    "mlp": _mlp,
    **{entry.key: partial(_groups, count=n) for n, entry in enumerate(GROUPS, start=2)},
}


def make_estimator(key: str, situation: Situation, settings: Mapping[str, Any]) -> Any:
    """Return a fresh estimator for a key of the catalogue, with settings other than its own."""
    made = _MAKERS[key](situation)
    return made.set_params(**{_place(made, name): value for name, value in settings.items()})


def _place(made: Any, name: str) -> str:
    """Return where a setting is: on the estimator itself, or on the one that it wraps."""
    places = [place for place in made.get_params() if place.rpartition("__")[2] == name]
    return min(places, key=len)
