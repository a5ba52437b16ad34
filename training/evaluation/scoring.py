"""Answers of a model -> its measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

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
    macro = metrics.f1_score(truth, said, average="macro", zero_division=0)
    return {"f1_macro": float(macro), **common}


def _balanced_accuracy(truth: np.ndarray, said: np.ndarray) -> float:
    # As scikit-learn's, without its warning about answers of a class that is not in this fold.
    return float(np.mean([(said[truth == name] == name).mean() for name in np.unique(truth)]))
