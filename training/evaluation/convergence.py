"""The best score against time, and the end of a search that nothing improves any more."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from training.evaluation.scoring import ranking_score
from training.modelling.experiment import Experiment
from training.results.score_line import ScoreLine

# Further models that may fail to improve the mean of models, by rows: AutoGluon's guard against
# fitting the folds of small tables.
_PATIENCE = ((100, 4), (500, 8), (2_500, 15), (10_000, 40), (math.inf, 100))
_SHARES = (1.0, 0.5, 0.25, 0.1)
_ROWS = 5000
# An improvement is at least this share, over the root of the rows, of what the best so far gains
# over the first model, which is the baseline: less is the chance of the folds.
_WORTH = 0.05
# Settings that saw some folds only say less than a model that is through.
_DROPPED = 0.5


class Convergence:
    """A mean of models that grows greedily, one model at a time, by their out-of-fold answers."""

    def __init__(self, experiment: Experiment, clock: Callable[[], float]) -> None:
        tested, self._key = experiment.tested, experiment.metric.key
        places = np.arange(len(tested))
        if len(tested) > _ROWS:
            random = np.random.default_rng(experiment.seed)
            places = np.sort(random.choice(places, _ROWS, replace=False))
        self._places, self._truth = places, experiment.truth[tested[places]]
        self._mean: np.ndarray | None = None
        self._first = self._best = -math.inf
        self._clock, self._began = clock, clock()
        self._rows = len(experiment.train) + len(experiment.holdout)
        self.patience = next(models for most, models in _PATIENCE if self._rows <= most)
        self._since = 0.0
        self.in_vain = 0
        """Settings that were tried since the mean was improved."""
        self.line = ScoreLine(experiment.metric.sign)

    def add(self, answers: np.ndarray) -> None:
        """Take in a model by its answers for all folds, in the order of `Experiment.tested`."""
        answers = answers[self._places]
        mean = answers if self._mean is None else self._mean
        mixed = [(1 - share) * mean + share * answers for share in _SHARES]
        scores = [ranking_score(self._key, self._truth, one) for one in mixed]
        best = int(np.argmax(scores))
        self._since, self.in_vain = self._since + 1, self.in_vain + 1
        if self._mean is None:
            self._first = scores[best]
        gained = max(0.0, self._best - self._first)
        if scores[best] > self._best + _WORTH / math.sqrt(self._rows) * gained:
            self._mean, self._best = mixed[best], scores[best]
            self.restart()
        self.line.add(self._clock() - self._began, self._best)

    def drop(self) -> None:
        """Take in settings that were given up after some folds."""
        self._since, self.in_vain = self._since + _DROPPED, self.in_vain + 1

    def restart(self) -> None:
        """Count what does not help from here on."""
        self._since, self.in_vain = 0.0, 0

    @property
    def ahead(self) -> float:
        """How many further models that do not help show that no other will."""
        return max(0.0, self.patience - self._since)
