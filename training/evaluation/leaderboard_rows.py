"""Folds that are through -> rows of the leaderboard and answers in the order of the table."""

from __future__ import annotations

import numpy as np

from training.algorithms.catalogue import ENSEMBLE, Algorithm
from training.evaluation.candidates import in_words
from training.evaluation.ensemble import EnsembleFit
from training.evaluation.fit import FoldResult
from training.evaluation.runs import AlgorithmRun
from training.evaluation.schedule import Schedule
from training.metrics import primary
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
    row = _row(experiment.problem, run.algorithm, results, " ".join(notes))
    return row.with_settings(run.best.settings)


def ensemble_row(made: EnsembleFit, schedule: Schedule) -> LeaderboardRow:
    """Return the row of the ensemble."""
    labels = {key: run.algorithm.label for key, run in schedule.runs.items()}
    order = sorted(made.weights, key=lambda key: -made.weights[key])
    shares = ", ".join(f"{made.weights[key]:.0%} {labels[key].lower()}" for key in order)
    row = _row(schedule.problem, ENSEMBLE, list(made.folds), f"{shares}.")
    return row.with_settings({"members": list(made.members), "weights": made.weights})


def _row(
    problem: str, algorithm: Algorithm, results: list[FoldResult], note: str
) -> LeaderboardRow:
    seconds = sum(result.seconds for result in results) / len(results)
    scores = [result.scores for result in results]
    metric = primary(problem)
    return finished_row(algorithm.key, algorithm.label, metric, scores, seconds, note)


def out_of_fold(run: AlgorithmRun, experiment: Experiment) -> np.ndarray:
    """Return the answers of the folds, (rows,) or (rows, classes) of `experiment.tested`."""
    return experiment.in_order([run.best.results[fold].predicted for fold in range(run.folds)])
