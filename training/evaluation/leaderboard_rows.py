"""Folds that are through -> rows of the leaderboard and answers in the order of the table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from jobsite.jobs.formats import percent
from training.algorithms.catalogue import ENSEMBLE, KNOWN, Algorithm
from training.evaluation.candidates import in_words
from training.evaluation.ensemble import EnsembleWeights, Member
from training.evaluation.fit import FoldResult
from training.evaluation.runs import AlgorithmRun, Trial
from training.metrics import Metric
from training.modelling.experiment import Experiment
from training.results.leaderboard import LeaderboardRow, finished_row


def row_of(run: AlgorithmRun, experiment: Experiment) -> LeaderboardRow:
    """Return the row of an algorithm that is through its folds."""
    notes = []
    cap, trained = run.algorithm.sample_cap, len(experiment.folds[0][0])
    if cap is not None and trained > cap:
        notes.append(f"Trained on a random sample of {cap:,} of {trained:,} rows.")
    if run.chosen:
        notes.append(f"Tuned, the best of {run.tried} settings: {in_words(run.best.settings)}.")
    results = [run.best.results[fold] for fold in range(run.folds)]
    row = _row(experiment.metric, run.algorithm, results, " ".join(notes))
    return row.with_settings(run.best.settings)


def ensemble_row(
    made: EnsembleWeights, members: Mapping[str, Member], afford: float, metric: Metric
) -> LeaderboardRow:
    """Return the row of the ensemble; its settings are what makes its scores again."""
    counts = Counter(members[name].key for name in made.weights)
    shares: dict[str, float] = dict.fromkeys(counts, 0.0)
    for name, weight in made.weights.items():
        shares[members[name].key] += weight
    order = sorted(counts, key=lambda key: -shares[key])
    note = ", ".join(
        f"{counts[k]} × {KNOWN[k].label.lower()} ({percent(shares[k])})" for k in order
    )
    settings = {
        "members": {
            name: {
                "algorithm": one.key, "settings": dict(one.settings), "seconds": one.seconds,
            } for name, one in members.items()
        },
        "weights": made.weights,
        "afford": afford if math.isfinite(afford) else None,
    }  # fmt: skip
    return _row(metric, ENSEMBLE, list(made.folds), f"{note}.").with_settings(settings)


def _row(
    metric: Metric, algorithm: Algorithm, results: list[FoldResult], note: str
) -> LeaderboardRow:
    seconds = sum(result.seconds for result in results) / len(results)
    scores = [result.scores for result in results]
    return finished_row(algorithm.key, algorithm.label, metric, scores, seconds, note)


def out_of_fold(trial: Trial, experiment: Experiment) -> np.ndarray:
    """Return the answers of the folds, (rows,) or (rows, classes) of `experiment.tested`."""
    folds = range(len(experiment.folds))
    return experiment.in_order([trial.results[fold].predicted for fold in folds])
