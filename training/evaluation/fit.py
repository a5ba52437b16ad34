"""One fit: on the rows of a fold, or on any rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.preprocessing import LabelEncoder

from training.algorithms.catalogue import KNOWN
from training.algorithms.estimators import fit_arguments, watching
from training.evaluation.scoring import (
    best_threshold,
    fold_thresholds,
    predict,
    score,
)
from training.modelling import clustering
from training.modelling.experiment import Experiment
from training.modelling.preprocessing import Plan, make_pipeline_for
from training.problem.problem_type import CLUSTERING

_DOUBT = 1e-3


@dataclass(frozen=True, slots=True)
class FoldResult:
    """The outcome of one fold."""

    scores: dict[str, float]
    predicted: np.ndarray
    seconds: float
    """What the fit took by the clock."""
    rounds: int = 0
    """The rounds of boosting after which it stopped; 0: it does not stop by itself."""
    slowness: float = 1.0
    """The time of the clock over that of the processor, 1 or more: how busy the machine is."""


def fit_fold(path: Path, key: str, fold: int, settings: Mapping[str, Any]) -> Iterator[FoldResult]:
    """Fit on all folds but one and answer for that one."""
    budget, processor = time.perf_counter(), time.process_time()
    result = score_fold(Experiment.open(path), key, fold, settings)
    taken, worked = time.perf_counter() - budget, time.process_time() - processor
    yield replace(result, slowness=max(1.0, taken / max(worked, 1e-3)))


def score_fold(
    experiment: Experiment, key: str, fold: int, settings: Mapping[str, Any]
) -> FoldResult:
    """Return the outcome of one fold."""
    train, test = experiment.folds[fold]
    started = time.perf_counter()
    model = fit_on(experiment, key, train, settings, test)
    seconds = time.perf_counter() - started
    if experiment.problem == CLUSTERING:
        table, half = experiment.features.iloc[test], fit_on(experiment, key, train[::2], settings)
        labels = clustering.labels_of(model, table)
        return FoldResult(clustering.score(model, half, table, experiment.seed), labels, seconds)
    predicted = predict(model, experiment.features.iloc[test], experiment.classes)
    rounds = _rounds_of(model["model"]) if KNOWN[key].rounds else 0
    truth, threshold = experiment.truth[test], None
    if experiment.has_threshold:  # until the other folds are through and choose it
        threshold = best_threshold(experiment.metric.key, truth, predicted)
    scores = score(experiment.problem, truth, predicted, threshold)
    return FoldResult(scores, predicted, seconds, rounds)


def rescored(experiment: Experiment, results: Sequence[FoldResult]) -> list[FoldResult]:
    """Return all folds with the scores of the threshold that the other folds choose."""
    if not experiment.has_threshold:
        return list(results)
    thresholds = fold_thresholds(experiment, [result.predicted for result in results])
    return [
        replace(
            result,
            scores=score(experiment.problem, experiment.truth[test], result.predicted, threshold),
        )
        for (_, test), result, threshold in zip(experiment.folds, results, thresholds, strict=True)
    ]


def fit_on(
    experiment: Experiment,
    key: str,
    rows: np.ndarray,
    settings: Mapping[str, Any],
    watched: np.ndarray | None = None,
) -> Any:
    """Return an algorithm of the catalogue, fitted on the rows at these positions.

    One that stops early looks at the rows `watched`, so that it loses none of its own.
    """
    algorithm = KNOWN[key]
    if algorithm.sample_cap is not None and len(rows) > algorithm.sample_cap:
        rows = _sample(experiment, rows, algorithm.sample_cap)
    features = experiment.features.iloc[rows][list(experiment.plan.features)]
    plan = experiment.plan.of_filled(features)
    model = make_pipeline_for(
        algorithm,
        plan,
        experiment.problem,
        len(rows),
        len(experiment.classes),
        experiment.seed,
        settings,
    )
    if algorithm.rounds:
        prepared = model["prepare"].fit_transform(features, experiment.answers[rows])
        more = fit_arguments(key, len(plan.few + plan.many))
        if watched is not None:
            more |= _watching(experiment, key, model["prepare"], plan, rows, watched)
        model["model"].fit(prepared, experiment.answers[rows], **more)
        return model
    model.fit(features, experiment.answers[rows])
    if experiment.problem == CLUSTERING:
        return clustering.by_size(model)
    return _in_doubt(experiment, model) if algorithm.says_never and experiment.classes else model


def weighted_mean(
    experiment: Experiment, members: Mapping[str, Any], weights: Mapping[str, float]
) -> Any:
    """Return one fitted model that answers with the weighted mean of fitted models."""
    # The fitted members stand in one place: the file would hold each of them three times.
    named, shares = [(name, None) for name in members], [weights[name] for name in members]
    if not experiment.classes:
        made: Any = VotingRegressor(named, weights=shares)
    else:
        made = VotingClassifier(named, voting="soft", weights=shares)
        made.le_ = LabelEncoder().fit(experiment.answers)
        made.classes_ = made.le_.classes_
    made.estimators_ = list(members.values())
    return made


def _in_doubt(experiment: Experiment, model: Any) -> Any:
    """Return a model whose probabilities are a thousandth nearer to equal ones."""
    equal = DummyClassifier(strategy="uniform").fit(experiment.features, experiment.answers)
    members = {"model": model, "equal": equal}
    return weighted_mean(experiment, members, {"model": 1 - _DOUBT, "equal": _DOUBT})


def _watching(
    experiment: Experiment,
    key: str,
    prepare: Any,
    plan: Plan,
    rows: np.ndarray,
    watched: np.ndarray,
) -> dict[str, Any]:
    """Return arguments of a fit that stops once the rows `watched` are not answered better."""
    if experiment.classes:  # one that only these rows have cannot be learnt, and is refused
        watched = watched[np.isin(experiment.truth[watched], experiment.truth[rows])]
    seen = prepare.transform(experiment.features.iloc[watched][list(plan.features)])
    return watching(key, experiment.answers[rows], seen, experiment.answers[watched])


def _rounds_of(learner: Any) -> int:
    """Return after how many rounds of boosting a fit stopped, without those in vain if known."""
    return int(getattr(learner, "best_iteration_", 0) or learner.n_iter_)


def _sample(experiment: Experiment, rows: np.ndarray, size: int) -> np.ndarray:
    random = np.random.default_rng(experiment.seed)
    chosen = random.choice(rows, size, replace=False)
    if experiment.classes:
        # A rare class must not vanish: its first rows are in any sample.
        truth = experiment.truth[rows]
        first = [rows[truth == name][:10] for name in np.unique(truth)]
        chosen = np.union1d(chosen, np.concatenate(first))
    return np.sort(chosen)
