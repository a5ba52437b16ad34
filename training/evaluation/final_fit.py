"""What runs inside the processes of the pool: one fold, or the last fit of an algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from training.algorithms import model_file
from training.algorithms.catalogue import KNOWN
from training.evaluation.fit import fit_on
from training.evaluation.scoring import predict, score
from training.metrics import primary
from training.modelling import clustering
from training.modelling.experiment import Contest
from training.plots import clusters, draw, learning_curve, partial_dependence
from training.plots.cluster_profile import profile
from training.plots.figure import Drawing, saved
from training.plots.importance import draw_importance
from training.problem.problem_type import BINARY, CLUSTERING, MULTICLASS, REGRESSION
from training.text import shown

_SCORERS = {
    BINARY: "roc_auc",
    MULTICLASS: "balanced_accuracy",
    REGRESSION: "neg_root_mean_squared_error",
}
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
        "plots": draw.draw_all(
            key, contest.problem, truth, predicted, contest.classes, contest.target, out
        )
    }
    if key != "baseline":
        importance = _importance(contest, key, model)
        yield {
            "importance": importance,
            "plots": [
                draw_importance(key, importance, contest.target, out),
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
    yield {"holdout": clustering.score(model, half, apart, contest.seed), "model": name}
    table = contest.features.iloc[contest.train]
    yield {"plots": clusters.draw_all(key, model, table, contest.seed, out)}
    labels = clustering.labels_of(model, table)
    columns = [column for column in contest.columns if column.name in contest.plan.features]
    yield {"profile": profile(table, columns, labels, model[-1].n_clusters)}


def _learning_curve(contest: Contest, key: str, settings: Mapping[str, Any]) -> Drawing:
    train, test = contest.folds[-1]
    metric = primary(contest.problem)

    def score_of(rows: np.ndarray) -> float:
        model = fit_on(contest, key, rows, settings)
        predicted = predict(model, contest.features.iloc[test], contest.classes)
        return score(contest.problem, contest.truth[test], predicted)[metric.key]

    return learning_curve.learning_curve(score_of, train, metric, contest.seed)


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
