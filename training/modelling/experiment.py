"""The data of one evaluation: features, target, folds and hold-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from training.metrics import THRESHOLDED, Metric
from training.modelling import scratch
from training.modelling.preprocessing import Plan
from training.problem.problem_type import BINARY
from training.tables.schema import Column


@dataclass(frozen=True, slots=True)
class Experiment:
    """All that a fit needs, written once and mapped into memory by every process.

    `features` has one row per row of the table, `answers` (rows,) holds the target as text or
    number, `truth` (rows,) numbers or positions in `classes`. `train`, `holdout` and the two
    arrays (train, test) of each fold are positions of rows.
    """

    problem: str
    metric: Metric
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
    def has_threshold(self) -> bool:
        """Whether the measure depends on the probability from which the positive class is said."""
        return self.problem == BINARY and self.metric.key in THRESHOLDED

    @property
    def everything(self) -> np.ndarray:
        """Positions of all rows, also those that were kept apart to the end."""
        return np.sort(np.concatenate([self.train, self.holdout]))

    @property
    def tested(self) -> np.ndarray:
        """Positions of the rows that a fold tests: all of `train`, unless time splits them."""
        return np.sort(np.concatenate([test for _, test in self.folds]))

    def in_order(self, answers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the answers of the folds as one array, (rows,) or (rows, classes) of `tested`."""
        tested = self.tested
        merged = np.empty((len(tested), *answers[0].shape[1:]))
        for (_, test), part in zip(self.folds, answers, strict=True):
            merged[np.searchsorted(tested, test)] = part
        return merged

    def by_fold(self, merged: np.ndarray) -> list[np.ndarray]:
        """Return the answers of `in_order` as one array for each fold."""
        return [merged[np.searchsorted(self.tested, test)] for _, test in self.folds]

    def save(self, path: Path) -> None:
        """Write the experiment for processes of this job, which share its pages."""
        scratch.write(self, path)

    @classmethod
    def open(cls, path: Path) -> Experiment:
        """Map what `save` wrote."""
        return scratch.read(path, shared=True)
