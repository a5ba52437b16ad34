"""The probability from which the positive class is said, chosen on out-of-fold answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

from training.evaluation.scoring import cuts, score
from training.modelling.experiment import Experiment


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
