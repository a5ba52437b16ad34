"""Answers of a model -> its measures, and the threshold that is best for one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn import metrics
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

from training.metrics import THRESHOLDED
from training.modelling.experiment import Experiment
from training.problem.problem_type import BINARY, REGRESSION


def predict(model: Any, features: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    """Return numbers, (rows,), or probabilities, (rows, classes), in the order of `classes`."""
    if not classes:
        return np.asarray(model.predict(features), dtype="float64")
    known = [str(name) for name in model.classes_]
    probabilities = np.zeros((len(features), len(classes)))
    found = model.predict_proba(features)
    for position, name in enumerate(known):
        probabilities[:, classes.index(name)] = found[:, position]
    return probabilities


def score(
    problem: str, truth: np.ndarray, predicted: np.ndarray, threshold: float | None = None
) -> dict[str, float]:
    """Return the measures of `predicted`, the (rows,) or (rows, classes) of `predict`.

    `truth` (rows,) holds numbers, or positions of classes. Of two classes the positive one is said
    from `threshold` on, without one where it is more probable. A measure that these rows do not
    allow is not there. Raises ValueError for infinite answers.
    """
    if not np.isfinite(predicted).all():
        raise ValueError("the model answered with numbers that are not finite")
    if problem == REGRESSION:
        return _of_numbers(truth, predicted)
    labels = np.arange(predicted.shape[1])
    # Rounding may leave rows that miss 1 by a hair, which log_loss complains about.
    sums = predicted.sum(axis=1, keepdims=True)
    said = np.argmax(predicted, axis=1)
    if threshold is not None:
        said = (predicted[:, 1] >= threshold).astype(int)
    common = {
        "log_loss": float(metrics.log_loss(truth, predicted / sums, labels=labels)),
        "accuracy": float(metrics.accuracy_score(truth, said)),
        "balanced_accuracy": float(_balanced_accuracy(truth, said)),
    }
    if problem == BINARY:
        return {
            "roc_auc": float(metrics.roc_auc_score(truth, predicted[:, 1])),
            "average_precision": float(metrics.average_precision_score(truth, predicted[:, 1])),
            "f1": float(metrics.f1_score(truth, said, zero_division=0)),
            **common,
        }
    return {"f1_macro": _macro_f1(truth, said), **common}


def _of_numbers(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    found = {
        "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
        "mae": float(metrics.mean_absolute_error(truth, predicted)),
        "median_ae": float(metrics.median_absolute_error(truth, predicted)),
        "r2": float(metrics.r2_score(truth, predicted)),
    }
    if truth.min() >= 0:
        found["rmsle"] = _rmsle(truth, predicted)
    if (truth != 0).all():
        found["mape"] = float(metrics.mean_absolute_percentage_error(truth, predicted))
    return found


def _rmsle(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(metrics.root_mean_squared_log_error(truth, np.maximum(predicted, 0)))


def _macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    return float(metrics.f1_score(truth, said, average="macro", zero_division=0))


def _balanced_accuracy(truth: np.ndarray, said: np.ndarray) -> float:
    # As scikit-learn's, without its warning about answers of a class that is not in this fold.
    return float(np.mean([(said[truth == name] == name).mean() for name in np.unique(truth)]))


def _auc(truth: np.ndarray, predicted: np.ndarray) -> float:
    positive = truth == 1
    ranks = rankdata(predicted[:, 1])
    ahead, behind = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - ahead * (ahead + 1) / 2) / (ahead * behind))


def _log_likelihood(truth: np.ndarray, predicted: np.ndarray) -> float:
    answered = predicted / predicted.sum(axis=1, keepdims=True)
    right = answered[np.arange(len(truth)), truth]
    return float(np.mean(np.log(np.maximum(right, np.finfo(float).eps))))


_QUICK: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "roc_auc": _auc,
    "average_precision": lambda y, p: float(metrics.average_precision_score(y, p[:, 1])),
    "log_loss": _log_likelihood,
    "accuracy": lambda y, p: float(np.mean(p.argmax(axis=1) == y)),
    "balanced_accuracy": lambda y, p: _balanced_accuracy(y, p.argmax(axis=1)),
    "f1_macro": lambda y, p: _macro_f1(y, p.argmax(axis=1)),
    "rmse": lambda y, p: -float(np.sqrt(np.mean((y - p) ** 2))),
    "mae": lambda y, p: -float(np.mean(np.abs(y - p))),
    "median_ae": lambda y, p: -float(np.median(np.abs(y - p))),
    "rmsle": lambda y, p: -_rmsle(y, p),
    "mape": lambda y, p: -float(np.mean(np.abs((y - p) / y))),
    "r2": lambda y, p: 1.0 - float(np.mean((y - p) ** 2) / np.var(y)),
}


def ranking_score(key: str, truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the measure that ranks, turned so that more is better; asked thousands of times.

    It is that of `score` alone, without most of the checks of scikit-learn's functions; where a
    threshold decides, with the best one.
    """
    if key in THRESHOLDED and predicted.ndim == 2 and predicted.shape[1] == 2:
        return float(cuts(key, truth, predicted[:, 1])[1].max())
    return _QUICK[key](truth, predicted)


def cuts(key: str, truth: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each probability from which the positive class may be said, falling, and its score.

    `truth` (rows,) is 0 or 1, `chance` (rows,) the probability of 1.
    """
    order = np.argsort(-chance, kind="stable")
    falling = chance[order]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    found = np.cumsum(truth[order] == 1)[ends]
    alarms = ends + 1 - found
    positive, negative = found[-1], alarms[-1]
    if key == "accuracy":
        values = (found + negative - alarms) / len(truth)
    elif key == "balanced_accuracy":
        values = (found / max(positive, 1) + 1 - alarms / max(negative, 1)) / 2
    else:
        values = 2 * found / np.maximum(found + alarms + positive, 1)
    return falling[ends], values


def best_threshold(key: str, truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the threshold that is best for a measure on these rows.

    It lies half-way between two answers, (rows, 2): neither of them stands on the border.
    """
    starts, values = cuts(key, truth, predicted[:, 1])
    best = int(np.argmax(values))
    above = starts[best]
    below = starts[best + 1] if best + 1 < len(starts) else 0.0
    return float((above + below) / 2)


def fold_thresholds(
    experiment: Experiment, answers: Sequence[np.ndarray]
) -> list[float] | list[None]:
    """Return the threshold of each fold, chosen on the answers of the others.

    None where the more probable class is at least as good on folds that had no part in the choice.
    """
    if not experiment.has_threshold:
        return [None] * len(answers)
    key = experiment.metric.key
    truths = [experiment.truth[test] for _, test in experiment.folds]

    def chosen_without(fold: int) -> float:
        rest = [n for n in range(len(answers)) if n != fold]
        truth, predicted = ([part[n] for n in rest] for part in (truths, answers))
        return best_threshold(key, np.concatenate(truth), np.concatenate(predicted))

    def mean(thresholds: Sequence[float | None]) -> float:
        parts = zip(truths, answers, thresholds, strict=True)
        return float(np.mean([score(experiment.problem, *part)[key] for part in parts]))

    chosen = [chosen_without(fold) for fold in range(len(answers))]
    none = [None] * len(answers)
    return chosen if mean(chosen) > mean(none) else none


def threshold_of(experiment: Experiment, predicted: np.ndarray) -> float | None:
    """Return the threshold of a model by its answers for all folds; None: the more probable."""
    if fold_thresholds(experiment, experiment.by_fold(predicted))[0] is None:
        return None
    return best_threshold(experiment.metric.key, experiment.truth[experiment.tested], predicted)


def with_threshold(experiment: Experiment, model: Any, threshold: float | None) -> Any:
    """Return a fitted model that says the positive class from this probability on."""
    if threshold is None:
        return model
    positive = next(name for name in model.classes_ if str(name) == experiment.classes[1])
    made = FixedThresholdClassifier(
        FrozenEstimator(model),
        threshold=threshold,
        pos_label=positive,
        response_method="predict_proba",
    )
    few = experiment.train[:2]  # nothing is learnt here
    made.fit(experiment.features.iloc[few], np.asarray(model.classes_))
    return made
