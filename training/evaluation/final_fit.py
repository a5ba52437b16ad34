"""What runs inside the processes of the pool: one fold, or the last fit of an algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from training.algorithms import model_file
from training.algorithms.catalogue import BASELINE, KNOWN
from training.evaluation.fit import fit_on
from training.evaluation.scoring import (
    predict,
    score,
    threshold_of,
    with_threshold,
)
from training.modelling import clustering
from training.modelling.experiment import Experiment
from training.plots import clusters, draw, learning_curve, partial_dependence
from training.plots.cluster_profile import profile
from training.plots.curves import write_curves
from training.plots.figure import Drawing, saved
from training.plots.importance import draw_importance
from training.problem.problem_type import BINARY, CLUSTERING
from training.text import shown

_REPEATS = 5
_EFFECTS, _EFFECT_ROWS = 3, 200
_MOST_IMPORTANCES = 60


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
    experiment = Experiment.open(path)
    model = fit_on(experiment, key, experiment.train, settings)
    if experiment.problem == CLUSTERING:
        half = fit_on(experiment, key, experiment.train[::2], settings)
        yield from explain_groups(experiment, key, model, half, out)
        return
    yield from explain(experiment, key, model, out, predicted)
    if best and key != BASELINE:
        again = fit_on(experiment, key, experiment.everything, settings)
        again = with_threshold(experiment, again, threshold_of(experiment, predicted))
        model_file.save(again, out / f"{key}{model_file.AGAIN}")
        yield {"refitted": True}
        drawing = _learning_curve(experiment, key, settings, predicted)
        yield {"plots": [saved(key, drawing, out)]}


def explain(
    experiment: Experiment,
    key: str,
    model: Any,
    out: Path,
    predicted: np.ndarray,
    whole: Any = None,
) -> Iterator[dict[str, Any]]:
    """Report on a fitted model: hold-out scores and file first, then plots and importance.

    The file holds `whole`, the same model fitted on all rows, where it is there.
    """
    answered = predict(model, experiment.features.iloc[experiment.holdout], experiment.classes)
    truth, threshold = experiment.truth[experiment.holdout], threshold_of(experiment, predicted)
    name, file = f"{key}.skops", model if whole is None else whole
    model_file.save(with_threshold(experiment, file, threshold), out / name)
    yield {
        "holdout": score(experiment.problem, truth, answered, threshold),
        "model": name,
        "threshold": threshold,
    }
    truth = experiment.truth[experiment.tested]
    if experiment.problem == BINARY:
        write_curves(key, truth, predicted[:, 1], out)
    yield {
        "plots": draw.draw_all(
            key,
            experiment.problem,
            truth,
            predicted,
            experiment.classes,
            experiment.target,
            out,
            threshold,
        )
    }
    if key != BASELINE:
        importance = _importance(experiment, key, model, threshold)
        yield {
            "importance": importance,
            "plots": [
                draw_importance(key, importance, experiment.target, out),
                saved(key, _effects(experiment, model, importance), out),
            ],
        }


def explain_groups(
    experiment: Experiment, key: str, model: Any, half: Any, out: Path
) -> Iterator[dict[str, Any]]:
    """Report on fitted groups: hold-out scores and file first, then plots and their profile."""
    name = f"{key}.skops"
    model_file.save(model, out / name)
    apart = experiment.features.iloc[experiment.holdout]
    yield {"holdout": clustering.score(model, half, apart, experiment.seed), "model": name}
    table = experiment.features.iloc[experiment.train]
    yield {"plots": clusters.draw_all(key, model, table, experiment.seed, out)}
    labels = clustering.labels_of(model, table)
    columns = [column for column in experiment.columns if column.name in experiment.plan.features]
    yield {"profile": profile(table, columns, labels, model[-1].n_clusters)}


def _learning_curve(
    experiment: Experiment, key: str, settings: Mapping[str, Any], predicted: np.ndarray
) -> Drawing:
    train, test = experiment.folds[-1]
    metric, threshold = experiment.metric, threshold_of(experiment, predicted)

    def measured(rows: np.ndarray, answers: np.ndarray) -> float:
        truth = experiment.truth[rows]
        return score(experiment.problem, truth, answers, threshold)[metric.key]

    def score_of(rows: np.ndarray) -> float:
        model = fit_on(experiment, key, rows, settings)
        return measured(test, predict(model, experiment.features.iloc[test], experiment.classes))

    parts = zip(experiment.folds, experiment.by_fold(predicted), strict=True)
    spread = float(np.std([measured(rows, answers) for (_, rows), answers in parts]))
    return learning_curve.learning_curve(score_of, train, metric, experiment.seed, spread)


def _effects(experiment: Experiment, model: Any, importance: list[dict[str, Any]]) -> Drawing:
    names = [entry["column"] for entry in importance[:_EFFECTS]]
    rows = experiment.holdout[:_EFFECT_ROWS]
    if not experiment.classes:
        said, place = shown(experiment.target, 24), None
    else:
        counts = np.bincount(experiment.truth)
        place = 1 if experiment.problem == BINARY else int(np.argmax(counts))
        said = f"probability of {shown(experiment.classes[place], 20)}"

    def answer(table: pd.DataFrame) -> np.ndarray:
        found = predict(model, table, experiment.classes)
        return found if place is None else found[:, place]

    return partial_dependence.partial_dependence(
        answer, experiment.features.iloc[rows], names, said
    )


def _importance(
    experiment: Experiment, key: str, model: Any, threshold: float | None
) -> list[dict[str, Any]]:
    """Return how much the score falls when a column is shuffled, most important first."""
    random = np.random.default_rng(experiment.seed)
    rows = experiment.holdout
    names = list(experiment.plan.features)
    limit, repeats = KNOWN[key].importance_rows, _REPEATS
    if len(names) > _MOST_IMPORTANCES:
        # Every column costs an answer for all rows, and hundreds of columns cost minutes.
        limit, repeats = min(limit, 300), 1
    if len(rows) > limit:
        rows = np.sort(random.choice(rows, limit, replace=False))
    metric = experiment.metric

    def score_of(model: Any, features: pd.DataFrame, truth: np.ndarray) -> float:
        predicted = predict(model, features, experiment.classes)
        return metric.sign * score(experiment.problem, truth, predicted, threshold)[metric.key]

    found = permutation_importance(
        model,
        experiment.features.iloc[rows][names],
        experiment.truth[rows],
        scoring=score_of,
        n_repeats=repeats,
        random_state=experiment.seed,
    )
    order = np.argsort(-found.importances_mean, kind="stable")[:_MOST_IMPORTANCES]
    return [
        {
            "column": names[position],
            "mean": float(found.importances_mean[position]),
            # One repeat has no spread.
            "std": float(found.importances_std[position]) if repeats > 1 else None,
        }
        for position in order
    ]
