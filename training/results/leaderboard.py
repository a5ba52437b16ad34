"""Leaderboard rows and their order, with a statement about differences that are noise."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from training.metrics import Metric
from training.results.significance import is_paired_noise

ONLY_BASELINE = (
    "Only the baseline was finished, which predicts the same for every row: there is no model "
    "that learnt from the table. Give the training more time, or choose fewer algorithms."
)
_ENSEMBLE = "ensemble"  # its key in the catalogue of algorithms
SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """An algorithm on the leaderboard."""

    algorithm: str
    label: str
    status: str
    score: float | None = None
    score_std: float | None = None
    metrics: Mapping[str, float] | None = None
    metrics_std: Mapping[str, float] | None = None
    fold_scores: tuple[float, ...] = ()
    fit_seconds: float | None = None
    error: str = ""
    note: str = ""
    tied: bool = False
    holdout: Mapping[str, float] | None = None
    model: str = ""
    threshold: float | None = None
    """The probability from which the positive class is said; none: where it is more probable."""
    settings: Mapping[str, Any] | None = None
    """What differs from the defaults of the catalogue; the weights of an ensemble."""

    def with_settings(self, settings: Mapping[str, Any]) -> LeaderboardRow:
        """Return the row with what the model was made with."""
        return replace(self, settings=dict(settings))

    def to_json(self) -> dict[str, Any]:
        """Return the row as a dict of JSON values."""
        return {**asdict(self), "fold_scores": list(self.fold_scores)}


def finished_row(
    algorithm: str,
    label: str,
    metric: Metric,
    folds: Sequence[Mapping[str, float]],
    fit_seconds: float,
    note: str = "",
) -> LeaderboardRow:
    """Return the row of an algorithm that was scored on every fold."""
    scores = tuple(fold[metric.key] for fold in folds)
    # What the rows of one fold do not allow has no mean.
    keys = [key for key in folds[0] if all(key in fold for fold in folds)]
    return LeaderboardRow(
        algorithm,
        label,
        SUCCEEDED,
        score=statistics.fmean(scores),
        score_std=statistics.stdev(scores),
        metrics={key: statistics.fmean(fold[key] for fold in folds) for key in keys},
        metrics_std={key: statistics.stdev([fold[key] for fold in folds]) for key in keys},
        fold_scores=scores,
        fit_seconds=fit_seconds,
        note=note,
    )


def rank(rows: Sequence[LeaderboardRow], metric: Metric) -> list[LeaderboardRow]:
    """Return the rows, best first, failed and skipped ones last, with ties marked.

    An ensemble that cannot be told from the best comes first: a single model was picked among many
    settings for these very scores, the score of an ensemble is from rows that its weights have not
    seen.
    """
    done = sorted(
        (row for row in rows if row.status == SUCCEEDED),
        key=lambda row: -metric.sign * (row.score or 0.0),
    )
    rest = sorted((row for row in rows if row.status != SUCCEEDED), key=lambda row: row.status)
    if not done:
        return rest
    best = done[0]
    marked = [
        replace(row, tied=row is not best and is_paired_noise(best.fold_scores, row.fold_scores))
        for row in done
    ]
    if any(row.tied for row in marked):
        marked[0] = replace(marked[0], tied=True)
    marked.sort(key=lambda row: not (row.tied and row.algorithm == _ENSEMBLE))
    return [*marked, *rest]
