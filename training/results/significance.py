"""Whether two sets of scores can be told apart. Light: pages compare trainings with it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

# Two-sided 95 % quantiles of Student's t for 1 to 19 degrees of freedom: a training has at most
# 20 folds, and no process that serves pages loads SciPy.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
)  # fmt: skip


def _share(folds: int) -> float:
    # Folds share most of their training rows, so their scores vary too little: the correction of
    # Nadeau and Bengio adds the share of the rows that were tested to those trained on.
    return 1 / folds + 1 / (folds - 1)


def is_paired_noise(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """True if scores of the same folds do not differ (corrected resampled t-test, 95 %)."""
    folds = len(ours)
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    spread = statistics.variance(differences)
    if spread == 0:
        return differences[0] == 0
    error = (spread * _share(folds)) ** 0.5
    return abs(statistics.fmean(differences)) <= _STUDENT[folds - 2] * error


def is_unpaired_noise(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """True if scores of different folds do not differ: the same test without pairs."""
    parts = [(statistics.variance(scores), len(scores)) for scores in (ours, theirs)]
    error = sum(spread * _share(folds) for spread, folds in parts) ** 0.5
    freedom = min(folds for _, folds in parts) - 1
    apart = abs(statistics.fmean(ours) - statistics.fmean(theirs))
    return apart <= _STUDENT[freedom - 1] * error
