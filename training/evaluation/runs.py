"""One algorithm of an evaluation: its settings, folds and last fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from training.algorithms.catalogue import Algorithm
from training.evaluation.fit import FoldResult

FINAL = None
# The last fit of an algorithm sees all folds, and plots and importance are made after it, in
# about two seconds of a core.
FINAL_FITS, FINAL_SECONDS = 1.3, 2.0


class Fit(NamedTuple):
    """One fit: a fold of a trial, or the last fit of an algorithm."""

    key: str
    fold: int | None
    trial: int = 0


@dataclass(slots=True, eq=False)
class Trial:
    """A choice of settings and the folds that it has seen. The first one is the default.

    Two are never equal: the same settings may be drawn twice, and answers cannot be compared.
    """

    settings: dict[str, Any]
    waiting: list[int]
    results: dict[int, FoldResult] = field(default_factory=dict)
    running: dict[int, float] = field(default_factory=dict)
    """When each fold that is running now was started."""
    dropped: bool = False

    @property
    def seconds(self) -> float:
        """Mean time of its fits."""
        return sum(result.seconds for result in self.results.values()) / max(1, len(self.results))

    def has_seen(self, folds: int) -> bool:
        """Return whether the first so many folds have a score."""
        return all(fold in self.results for fold in range(folds))

    def drop(self) -> None:
        """Mark these settings as given up."""
        self.dropped, self.waiting = True, []
        self.running.clear()

    def forget(self) -> None:
        """Keep the scores without the answers: hundreds of trials would fill the memory."""
        nothing = np.empty(0)
        self.results = {n: replace(one, predicted=nothing) for n, one in self.results.items()}


@dataclass(slots=True)
class AlgorithmRun:
    """An algorithm during an evaluation."""

    algorithm: Algorithm
    folds: int
    trials: list[Trial] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    """Seconds of each finished fold from its start to its scores."""
    chosen: int = 0
    searching: bool = False
    """More settings may follow: the last fit waits for them."""
    ended: bool = False
    final_started: bool = False
    steps: int = 0
    """How much of the explanation is there: 1 hold-out and file, 2 plots, 3 importance."""

    def __post_init__(self) -> None:
        self.trials.append(Trial({}, list(range(self.folds))))

    @property
    def best(self) -> Trial:
        """The trial that counts: the default, until another one is through and better."""
        return self.trials[self.chosen]

    @property
    def unexplained(self) -> str:
        """What of the explanation is missing, in words."""
        return ("its hold-out check, file and plots", "its plots", "what its columns mean to it")[
            min(self.steps, 2)
        ]

    @property
    def is_scored(self) -> bool:
        """True once every fold of the default settings has a score."""
        return len(self.trials[0].results) == self.folds

    @property
    def is_tuning(self) -> bool:
        """True while settings are being tried."""
        return any(not t.dropped and len(t.results) < self.folds for t in self.trials[1:])

    @property
    def fits_ahead(self) -> int:
        """The fits that its settings have been given, begun ones among them."""
        return sum(len(trial.waiting) + len(trial.running) for trial in self.trials)

    @property
    def tried(self) -> int:
        """How many settings have been scored on at least one fold."""
        return sum(1 for trial in self.trials if trial.results)

    @property
    def fold_seconds(self) -> float | None:
        """Mean time of a fold so far."""
        return sum(self.taken) / len(self.taken) if self.taken else None

    def final_settings(self, number: int) -> dict[str, Any]:
        """Return the settings of a fit on all rows: as many rounds as the folds took on average."""
        trial = self.trials[number]
        rounds = [result.rounds for result in trial.results.values() if result.rounds]
        if not rounds:
            return trial.settings
        mean = round(sum(rounds) / len(rounds))
        return {**trial.settings, self.algorithm.rounds: mean, **self.algorithm.to_the_end}

    def final_seconds(self, slowness: float = 1.0) -> float:
        """Return a rough estimate of the last fit and its explanation on a machine so slow."""
        return FINAL_FITS * (self.fold_seconds or 0.0) + FINAL_SECONDS * slowness
