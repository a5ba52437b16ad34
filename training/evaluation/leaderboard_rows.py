"""Folds that are through -> rows of the leaderboard and answers in the order of the table."""

from __future__ import annotations

import numpy as np

from training.algorithms.catalogue import ENSEMBLE, Algorithm
from training.evaluation.candidates import in_words
from training.evaluation.ensemble import Blend
from training.evaluation.fit import FoldResult
from training.evaluation.runs import Lane
from training.evaluation.schedule import Race
from training.metrics import primary
from training.modelling.experiment import Contest
from training.results.leaderboard import Row, finished_row


def row_of(lane: Lane, contest: Contest) -> Row:
    """Return the row of an algorithm that is through its folds."""
    notes = []
    cap, trained = lane.algorithm.sample_cap, len(contest.folds[0][0])
    if cap is not None and trained > cap:
        notes.append(f"Trained on a random sample of {cap:,} of {trained:,} rows.")
    if lane.chosen:
        notes.append(f"Tuned, the best of {lane.tried} settings: {in_words(lane.best.settings)}.")
    results = [lane.best.results[fold] for fold in range(lane.folds)]
    row = _row(contest.problem, lane.algorithm, results, " ".join(notes))
    return row.with_settings(lane.best.settings)


def blend_row(made: Blend, race: Race) -> Row:
    """Return the row of the ensemble."""
    labels = {key: lane.algorithm.label for key, lane in race.lanes.items()}
    order = sorted(made.weights, key=lambda key: -made.weights[key])
    shares = ", ".join(f"{made.weights[key]:.0%} {labels[key].lower()}" for key in order)
    row = _row(race.problem, ENSEMBLE, list(made.folds), f"{shares}.")
    return row.with_settings({"members": list(made.members), "weights": made.weights})


def _row(problem: str, algorithm: Algorithm, results: list[FoldResult], note: str) -> Row:
    seconds = sum(result.seconds for result in results) / len(results)
    scores = [result.scores for result in results]
    metric = primary(problem)
    return finished_row(algorithm.key, algorithm.label, metric, scores, seconds, note)


def out_of_fold(lane: Lane, contest: Contest) -> np.ndarray:
    """Return the answers of the folds in the order of `contest.tested`."""
    return contest.in_order([lane.best.results[fold].predicted for fold in range(lane.folds)])
