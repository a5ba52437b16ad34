"""Answers of a model -> its measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn import metrics

from training.problem.problem_type import BINARY, REGRESSION

_DOUBT = 1e-3


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


def score(problem: str, truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return the measures of `predicted`, the (rows,) or (rows, classes) of `predict`.

    `truth` (rows,) holds numbers, or positions of classes. Raises ValueError for infinite answers.
    """
    if not np.isfinite(predicted).all():
        raise ValueError("the model answered with numbers that are not finite")
    if problem == REGRESSION:
        return {
            "rmse": float(metrics.root_mean_squared_error(truth, predicted)),
            "mae": float(metrics.mean_absolute_error(truth, predicted)),
            "r2": float(metrics.r2_score(truth, predicted)),
        }
    labels = np.arange(predicted.shape[1])
    # Rounding may leave rows that miss 1 by a hair, which log_loss complains about.
    sums = predicted.sum(axis=1, keepdims=True)
    said = np.argmax(predicted, axis=1)
    common = {
        "log_loss": float(metrics.log_loss(truth, unsure(predicted / sums), labels=labels)),
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
    macro = metrics.f1_score(truth, said, average="macro", zero_division=0)
    return {"f1_macro": float(macro), **common}


def _balanced_accuracy(truth: np.ndarray, said: np.ndarray) -> float:
    # As scikit-learn's, without its warning about answers of a class that is not in this fold.
    return float(np.mean([(said[truth == name] == name).mean() for name in np.unique(truth)]))


def ranking_score(problem: str, truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the measure that ranks, turned so that more is better; asked thousands of times.

    It is that of `score` alone, without the checks of scikit-learn's functions.
    """
    if problem == REGRESSION:
        return -float(np.sqrt(np.mean((truth - predicted) ** 2)))
    if problem == BINARY:
        positive = truth == 1
        ranks = rankdata(predicted[:, 1])
        ahead, behind = int(positive.sum()), int((~positive).sum())
        return float((ranks[positive].sum() - ahead * (ahead + 1) / 2) / (ahead * behind))
    answered = unsure(predicted / predicted.sum(axis=1, keepdims=True))
    return float(np.mean(np.log(answered[np.arange(len(truth)), truth])))


def unsure(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities, (rows, classes), a thousandth nearer to equal ones.

    A tree whose leaf has seen no row of a class says 0. Taken at its word, one such row of the
    test outweighs a thousand right answers, and always saying the shares of the classes wins.
    """
    return (1 - _DOUBT) * probabilities + _DOUBT / probabilities.shape[1]
