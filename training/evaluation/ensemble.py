"""A weighted mean of the best models. The weights come from answers for rows that no member has
seen, and the score of the ensemble from folds that its weights have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch

from training.algorithms import model_file
from training.algorithms.catalogue import ENSEMBLE
from training.evaluation.final_fit import explain
from training.evaluation.fit import FoldResult, fit_on
from training.evaluation.scoring import score
from training.metrics import primary
from training.modelling.experiment import Experiment

_ROUNDS = 20
_ROWS = 5000


@dataclass(frozen=True, slots=True)
class EnsembleFit:
    """An ensemble before its last check: who could join, with what weight, and its folds."""

    members: tuple[str, ...]
    weights: dict[str, float]
    folds: tuple[FoldResult, ...]
    predicted: np.ndarray


def fit_ensemble(
    path: Path,
    answers: Mapping[str, np.ndarray],
    settings: Mapping[str, Mapping[str, Any]],
    seconds: float,
    out: Path,
) -> Iterator[EnsembleFit | dict[str, Any]]:
    """Weigh the out-of-fold answers of models whose files are in `out`, then join those models.

    `settings` are those of each member, `seconds` the time that a fold of all took together. At
    the end the members are fitted again on all rows.
    """
    experiment = Experiment.open(path)
    made = fit_weights(experiment, answers, seconds)
    yield made
    if not made.folds:
        return
    kept = made.weights
    model = join(experiment, {name: model_file.load(out / f"{name}.skops") for name in kept}, kept)
    yield from explain(experiment, ENSEMBLE.key, model, out, made.predicted)
    again = {name: fit_on(experiment, name, experiment.everything, settings[name]) for name in kept}
    model_file.save(join(experiment, again, kept), out / f"{ENSEMBLE.key}{model_file.AGAIN}")
    yield {"refitted": True}


def fit_weights(
    experiment: Experiment, answers: Mapping[str, np.ndarray], seconds: float = 0.0
) -> EnsembleFit:
    """Return the weights of models by their out-of-fold answers; no folds if one is enough.

    Weights that are found are compared with equal ones: few rows say little about what is better
    than a plain mean.
    """
    names, truth = tuple(answers), experiment.truth[experiment.tested]
    stacked = np.stack([answers[name] for name in names])
    sample = _sample(experiment, len(truth))

    def found(rows: np.ndarray) -> np.ndarray:
        return _weights(experiment.problem, truth[rows], stacked[:, rows])

    def equal(_: np.ndarray) -> np.ndarray:
        return np.full(len(names), 1 / len(names))

    if np.count_nonzero(whole := found(sample)) < 2:
        return EnsembleFit(names, {names[int(whole.argmax())]: 1.0}, (), np.empty(0))
    made = []
    for way, weights in ((found, whole), (equal, equal(sample))):
        folds, predicted = _judged(experiment, stacked, way, sample, seconds)
        kept = {name: float(w) for name, w in zip(names, weights, strict=True) if w > 0}
        made.append(EnsembleFit(names, kept, folds, predicted))
    metric = primary(experiment.problem)
    return max(
        made, key=lambda one: metric.sign * sum(fold.scores[metric.key] for fold in one.folds)
    )


def _judged(
    experiment: Experiment,
    stacked: np.ndarray,
    way: Callable[[np.ndarray], np.ndarray],
    sample: np.ndarray,
    seconds: float,
) -> tuple[tuple[FoldResult, ...], np.ndarray]:
    """Return scores and answers from folds that the weights of this way have not seen."""
    tested = experiment.tested
    truth, predicted, folds = experiment.truth[tested], np.empty_like(stacked[0]), []
    for _, answered in experiment.folds:
        test = np.searchsorted(tested, answered)
        part = way(np.setdiff1d(sample, test, assume_unique=True))
        predicted[test] = np.tensordot(part, stacked[:, test], axes=1)
        scores = score(experiment.problem, truth[test], predicted[test])
        folds.append(FoldResult(scores, predicted[test], seconds))
    return tuple(folds), predicted


def join(experiment: Experiment, members: Mapping[str, Any], weights: Mapping[str, float]) -> Any:
    """Return one fitted model that answers with the weighted mean of fitted models."""
    named, shares = list(members.items()), [weights[name] for name in members]
    if not experiment.classes:
        made: Any = VotingRegressor(named, weights=shares)
    else:
        made = VotingClassifier(named, voting="soft", weights=shares)
        made.le_ = LabelEncoder().fit(experiment.answers)
        made.classes_ = made.le_.classes_
    made.estimators_ = list(members.values())
    made.named_estimators_ = Bunch(**members)
    return made


def _sample(experiment: Experiment, rows: int) -> np.ndarray:
    if rows <= _ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(experiment.seed).choice(rows, _ROWS, replace=False))


def _weights(problem: str, truth: np.ndarray, stacked: np.ndarray) -> np.ndarray:
    """Return weights, (members,), that sum to 1: greedy selection with replacement.

    Members are added one by one, each as often as it helps (Caruana et al. 2004). `stacked` is
    (members, rows) or (members, rows, classes).
    """
    metric = primary(problem)
    counts = np.zeros(len(stacked))
    total = np.zeros_like(stacked[0])
    best, best_counts = -np.inf, counts.copy()
    for taken in range(1, _ROUNDS + 1):
        scores = [
            metric.sign * score(problem, truth, (total + member) / taken)[metric.key]
            for member in stacked
        ]
        chosen = int(np.argmax(scores))
        counts[chosen] += 1
        total += stacked[chosen]
        if scores[chosen] > best + 1e-12:
            best, best_counts = scores[chosen], counts.copy()
    return best_counts / best_counts.sum()
