"""What runs inside the processes of the pool: one fold, or the last fit of an algorithm."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from training.algorithms import model_file
from training.algorithms.catalogue import KNOWN
from training.evaluation.scoring import predict, score
from training.metrics import primary
from training.modelling.preprocessing import Plan, make_pipeline_for
from training.plots import classification, clusters, partial_dependence
from training.plots.cluster_profile import profile
from training.plots.figure import Drawing, saved
from training.problem.problem_type import BINARY, CLUSTERING, MULTICLASS, REGRESSION
from training.tables.schema import Column, shown

_SCORERS = {
    BINARY: "roc_auc",
    MULTICLASS: "balanced_accuracy",
    REGRESSION: "neg_root_mean_squared_error",
}
_REPEATS = 5
_EFFECTS, _EFFECT_ROWS = 3, 200
_MOST_IMPORTANCES = 60


@dataclass(frozen=True, slots=True)
class Contest:
    """All that a fit needs, written once and mapped into memory by every process."""

    problem: str
    classes: tuple[str, ...]
    target: str
    features: pd.DataFrame
    answers: np.ndarray
    truth: np.ndarray
    plan: Plan
    seed: int
    train: np.ndarray
    holdout: np.ndarray
    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    columns: tuple[Column, ...] = ()

    @property
    def everything(self) -> np.ndarray:
        """All rows, also those that were kept apart to the end."""
        return np.sort(np.concatenate([self.train, self.holdout]))

    @property
    def tested(self) -> np.ndarray:
        """The rows that are answered for in a fold: all that train, unless time splits them."""
        return np.sort(np.concatenate([test for _, test in self.folds]))

    @property
    def is_imbalanced(self) -> bool:
        """True where the rarest class has less than a third of its even share."""
        counts = np.bincount(self.truth[self.train]) if self.classes else np.ones(1)
        return bool(counts.min() < counts.mean() / 3)

    def in_order(self, answers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the answers of the folds, one array each, in the order of `tested`."""
        tested = self.tested
        merged = np.empty((len(tested), *answers[0].shape[1:]))
        for (_, test), part in zip(self.folds, answers, strict=True):
            merged[np.searchsorted(tested, test)] = part
        return merged

    def save(self, path: Path) -> None:
        """Write the contest for processes of this job, which share its pages."""
        joblib.dump(self, path)

    @classmethod
    def open(cls, path: Path) -> Contest:
        """Map what `save` wrote."""
        return joblib.load(path, mmap_mode="r")


@dataclass(frozen=True, slots=True)
class FoldResult:
    """The outcome of one fold."""

    scores: dict[str, float]
    predicted: np.ndarray
    seconds: float
    """What the fit took by the clock."""
    slowness: float = 1.0
    """The time of the clock over that of the processor, 1 or more: how busy the machine is."""


def fit_fold(path: Path, key: str, fold: int, settings: Mapping[str, Any]) -> Iterator[FoldResult]:
    """Fit on all folds but one and answer for that one."""
    clock, processor = time.perf_counter(), time.process_time()
    result = score_fold(Contest.open(path), key, fold, settings)
    taken, worked = time.perf_counter() - clock, time.process_time() - processor
    yield replace(result, slowness=max(1.0, taken / max(worked, 1e-3)))


def score_fold(contest: Contest, key: str, fold: int, settings: Mapping[str, Any]) -> FoldResult:
    """Return the outcome of one fold."""
    train, test = contest.folds[fold]
    started = time.perf_counter()
    model = fit_on(contest, key, train, settings)
    seconds = time.perf_counter() - started
    if contest.problem == CLUSTERING:
        table, half = contest.features.iloc[test], fit_on(contest, key, train[::2], settings)
        labels = clusters.labels_of(model, table)
        return FoldResult(clusters.score(model, half, table, contest.seed), labels, seconds)
    predicted = predict(model, contest.features.iloc[test], contest.classes)
    return FoldResult(score(contest.problem, contest.truth[test], predicted), predicted, seconds)


def finish(
    path: Path,
    key: str,
    settings: Mapping[str, Any],
    out: Path,
    predicted: np.ndarray,
    best: bool,
) -> Iterator[dict[str, Any]]:
    """Fit on the whole training part, then explain; `predicted` are the answers of the folds.

    The best model gets a learning curve, which takes several fits. Its file is fitted again on all
    rows, once the rows that were kept apart have had their say.
    """
    contest = Contest.open(path)
    model = fit_on(contest, key, contest.train, settings)
    if contest.problem == CLUSTERING:
        half = fit_on(contest, key, contest.train[::2], settings)
        yield from explain_groups(contest, key, model, half, out)
        return
    yield from explain(contest, key, model, out, predicted)
    if best and key != "baseline":
        again = fit_on(contest, key, contest.everything, settings)
        model_file.save(again, out / f"{key}{model_file.AGAIN}")
        yield {"refitted": True}
        drawing = _learning_curve(contest, key, settings)
        yield {"plots": [saved(key, drawing, out)]}


def explain(
    contest: Contest, key: str, model: Any, out: Path, predicted: np.ndarray
) -> Iterator[dict[str, Any]]:
    """Tell of a fitted model: hold-out scores and file first, then plots and importance."""
    answered = predict(model, contest.features.iloc[contest.holdout], contest.classes)
    name = f"{key}.skops"
    model_file.save(model, out / name)
    yield {
        "holdout": score(contest.problem, contest.truth[contest.holdout], answered),
        "model": name,
    }
    truth = contest.truth[contest.tested]
    yield {
        "plots": classification.draw_all(
            key, contest.problem, truth, predicted, contest.classes, contest.target, out
        )
    }
    if key != "baseline":
        importance = _importance(contest, key, model)
        yield {
            "importance": importance,
            "plots": [
                classification.draw_importance(key, importance, contest.target, out),
                saved(key, _effects(contest, model, importance), out),
            ],
        }


def explain_groups(
    contest: Contest, key: str, model: Any, half: Any, out: Path
) -> Iterator[dict[str, Any]]:
    """Tell of fitted groups: hold-out scores and file first, then plots and their profile."""
    name = f"{key}.skops"
    model_file.save(model, out / name)
    apart = contest.features.iloc[contest.holdout]
    yield {"holdout": clusters.score(model, half, apart, contest.seed), "model": name}
    table = contest.features.iloc[contest.train]
    yield {"plots": clusters.draw_all(key, model, table, contest.seed, out)}
    labels = clusters.labels_of(model, table)
    columns = [column for column in contest.columns if column.name in contest.plan.features]
    yield {"profile": profile(table, columns, labels, model[-1].n_clusters)}


def _learning_curve(contest: Contest, key: str, settings: Mapping[str, Any]) -> Drawing:
    train, test = contest.folds[-1]
    metric = primary(contest.problem)

    def score_of(rows: np.ndarray) -> float:
        model = fit_on(contest, key, rows, settings)
        predicted = predict(model, contest.features.iloc[test], contest.classes)
        return score(contest.problem, contest.truth[test], predicted)[metric.key]

    return partial_dependence.learning_curve(score_of, train, metric, contest.seed)


def _effects(contest: Contest, model: Any, importance: list[dict[str, Any]]) -> Drawing:
    names = [entry["column"] for entry in importance[:_EFFECTS]]
    rows = contest.holdout[:_EFFECT_ROWS]
    if not contest.classes:
        said, place = shown(contest.target, 24), None
    else:
        counts = np.bincount(contest.truth)
        place = 1 if contest.problem == BINARY else int(np.argmax(counts))
        said = f"probability of {shown(contest.classes[place], 20)}"

    def answer(table: pd.DataFrame) -> np.ndarray:
        found = predict(model, table, contest.classes)
        return found if place is None else found[:, place]

    return partial_dependence.partial_dependence(answer, contest.features.iloc[rows], names, said)


def fit_on(contest: Contest, key: str, rows: np.ndarray, settings: Mapping[str, Any]) -> Any:
    """Return an algorithm of the catalogue, fitted on these rows."""
    algorithm = KNOWN[key]
    if algorithm.sample_cap is not None and len(rows) > algorithm.sample_cap:
        rows = _sample(contest, rows, algorithm.sample_cap)
    features = contest.features.iloc[rows][list(contest.plan.features)]
    plan = contest.plan.of_filled(features)
    model = make_pipeline_for(
        algorithm, plan, contest.problem, len(rows), len(contest.classes), contest.seed, settings
    )
    model.fit(features, contest.answers[rows])
    return clusters.by_size(model) if contest.problem == CLUSTERING else model


def _sample(contest: Contest, rows: np.ndarray, size: int) -> np.ndarray:
    random = np.random.default_rng(contest.seed)
    chosen = random.choice(rows, size, replace=False)
    if contest.classes:
        # A rare class must not vanish: its first rows are in any sample.
        truth = contest.truth[rows]
        first = [rows[truth == name][:10] for name in np.unique(truth)]
        chosen = np.union1d(chosen, np.concatenate(first))
    return np.sort(chosen)


def _importance(contest: Contest, key: str, model: Any) -> list[dict[str, Any]]:
    """Return how much the score falls when a column is shuffled, most important first."""
    random = np.random.default_rng(contest.seed)
    rows = contest.holdout
    names = list(contest.plan.features)
    limit, repeats = KNOWN[key].importance_rows, _REPEATS
    if len(names) > _MOST_IMPORTANCES:
        # Every column costs an answer for all rows, and hundreds of columns cost minutes.
        limit, repeats = min(limit, 300), 1
    if len(rows) > limit:
        rows = np.sort(random.choice(rows, limit, replace=False))
    features = contest.features.iloc[rows][names]
    found = permutation_importance(
        model,
        features,
        contest.answers[rows],
        scoring=_SCORERS[contest.problem],
        n_repeats=repeats,
        random_state=contest.seed,
    )
    order = np.argsort(-found.importances_mean, kind="stable")[:_MOST_IMPORTANCES]
    return [
        {
            "column": names[position],
            "mean": float(found.importances_mean[position]),
            "std": float(found.importances_std[position]),
        }
        for position in order
    ]
