"""A weighted mean of the best settings of all algorithms. The weights come from answers for rows
that no member has seen, and the score of the ensemble from folds that its weights have not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.algorithms.catalogue import ENSEMBLE
from training.evaluation.final_fit import explain
from training.evaluation.fit import FoldResult, fit_on, rescored, weighted_mean
from training.evaluation.scoring import ranking_score, score
from training.modelling import scratch
from training.modelling.experiment import Experiment

# More do not help measurably (Caruana et al. 2004, and AutoGluon's own experience).
_ROUNDS = 25
_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Member:
    """Settings of an algorithm that may join, and what they cost."""

    key: str
    settings: Mapping[str, Any]
    final_settings: Mapping[str, Any]
    """Those of a fit on all rows."""
    seconds: float
    """What one fold took."""


@dataclass(frozen=True, slots=True)
class EnsembleWeights:
    """The weights of those that joined, by name, and the folds of their mean."""

    weights: dict[str, float]
    folds: tuple[FoldResult, ...]
    predicted: np.ndarray


def weight_members(
    path: Path, members: Mapping[str, Member], answers: Mapping[str, np.ndarray], afford: float
) -> Iterator[EnsembleWeights]:
    """Weigh members by their out-of-fold answers; `afford` is the seconds of their folds."""
    costs = {name: member.seconds for name, member in members.items()}
    yield fit_weights(Experiment.open(path), answers, costs, afford)


def fit_weights(
    experiment: Experiment,
    answers: Mapping[str, np.ndarray],
    costs: Mapping[str, float],
    afford: float,
) -> EnsembleWeights:
    """Return the weights of models by their out-of-fold answers; no folds if one is enough.

    Those that are chosen take no more than `afford` together, by their `costs`.
    """
    tested = experiment.tested
    names, truth = list(answers), experiment.truth[tested]
    stacked = np.stack([answers[name] for name in names])
    seconds = np.array([costs[name] for name in names])
    sample = _sample(experiment, len(truth))

    def found(rows: np.ndarray, members: np.ndarray) -> np.ndarray:
        chosen = _weights(
            experiment.metric.key, truth[rows], stacked[members][:, rows], seconds[members], afford
        )
        weights = np.zeros(len(names))
        weights[members] = chosen
        return weights

    whole = found(sample, np.arange(len(names)))
    kept = {name: float(weight) for name, weight in zip(names, whole, strict=True) if weight > 0}
    if len(kept) < 2:
        return EnsembleWeights(kept, (), np.empty(0))
    predicted, folds = np.empty_like(stacked[0]), []
    spent = float(sum(costs[name] for name in kept))
    for _, answered in experiment.folds:
        test = np.searchsorted(tested, answered)
        part = found(np.setdiff1d(sample, test, assume_unique=True), np.arange(len(names)))
        predicted[test] = np.tensordot(part, stacked[:, test], axes=1)
        scores = score(experiment.problem, truth[test], predicted[test])
        folds.append(FoldResult(scores, predicted[test], spent))
    return EnsembleWeights(kept, tuple(rescored(experiment, folds)), predicted)


def fit_member(path: Path, member: Member, out: Path) -> Iterator[None]:
    """Fit a member on the training part and on all rows, into a file of this job."""
    experiment = Experiment.open(path)
    parts = [
        fit_on(experiment, member.key, rows, member.final_settings)
        for rows in (experiment.train, experiment.everything)
    ]
    scratch.write(parts, out)
    yield None


def join_members(
    path: Path, weights: Mapping[str, float], files: Mapping[str, Path], predicted: np.ndarray,
    out: Path,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Join fitted members, check the mean on the rows that were kept apart, explain and save it.

    The file holds the members that were fitted on all rows.
    """
    experiment = Experiment.open(path)
    fitted = {name: scratch.read(file) for name, file in files.items()}
    checked = weighted_mean(experiment, {name: parts[0] for name, parts in fitted.items()}, weights)
    whole = weighted_mean(experiment, {name: parts[1] for name, parts in fitted.items()}, weights)
    yield from explain(experiment, ENSEMBLE.key, checked, out, predicted, whole)
    yield {"refitted": True}


def _sample(experiment: Experiment, rows: int) -> np.ndarray:
    if rows <= _ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(experiment.seed).choice(rows, _ROWS, replace=False))


def _weights(
    key: str, truth: np.ndarray, stacked: np.ndarray, costs: Sequence[float], afford: float
) -> np.ndarray:
    """Return weights, (members,), that sum to 1: greedy selection with replacement.

    Members are added one by one, each as often as it helps (Caruana et al. 2004); of equal ones,
    one that is in already. `stacked` is (members, rows) or (members, rows, classes). The first
    one joins whatever it costs.
    """
    counts = np.zeros(len(stacked))
    total = np.zeros_like(stacked[0])
    best, best_counts, spent = -np.inf, counts.copy(), 0.0
    for taken in range(1, _ROUNDS + 1):
        scores = [
            ranking_score(key, truth, (total + member) / taken)
            if counts[place] or not spent or spent + costs[place] <= afford
            else -np.inf
            for place, member in enumerate(stacked)
        ]
        chosen = max(range(len(scores)), key=lambda n: (scores[n], counts[n] > 0))
        spent += 0.0 if counts[chosen] else costs[chosen]
        counts[chosen] += 1
        total += stacked[chosen]
        if scores[chosen] > best + 1e-12:
            best, best_counts = scores[chosen], counts.copy()
    return best_counts / best_counts.sum()
