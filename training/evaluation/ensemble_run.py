"""The ensemble during an evaluation: weigh all settings, fit those that join, join them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from training.algorithms.catalogue import ENSEMBLE
from training.evaluation.ensemble import (
    EnsembleWeights,
    Member,
    fit_member,
    join_members,
    weight_members,
)
from training.evaluation.events import Event, Explained, RowAdded
from training.evaluation.fit_pool import FitMessage, Work
from training.evaluation.leaderboard_rows import ensemble_row, out_of_fold
from training.evaluation.runs import FINAL, Fit
from training.evaluation.schedule import Schedule
from training.modelling.experiment import Experiment
from training.results.leaderboard import FAILED, LeaderboardRow

WEIGH, JOIN = Fit(ENSEMBLE.key, 0), Fit(ENSEMBLE.key, FINAL)
_MEMBER = 1
_FEWEST_ALGORITHMS = 3


class Step(NamedTuple):
    """Work for the pool."""

    fit: Fit
    work: Work
    arguments: tuple[Any, ...]


class EnsembleRun:
    """Hands out the steps of an ensemble, and takes what comes of them."""

    def __init__(self, experiment: Experiment, store: Path, out: Path, is_wanted: bool) -> None:
        self.experiment, self.store, self.out = experiment, store, out
        self.is_wanted = is_wanted
        """True until it has begun, or there are too few models for it."""
        self.is_first = False
        """True from the first last fit of a member to the start of the join."""
        self._afford = 0.0
        self._members: dict[str, Member] = {}
        self._weights: EnsembleWeights | None = None
        self._fitted: dict[str, Path] = {}
        self._steps: list[Step] = []

    def begin(self, schedule: Schedule, afford: float) -> None:
        """Weigh all settings that are through; `afford` are the seconds of a fold of all members.

        Negative: there is no time for an ensemble.
        """
        self.is_wanted = False
        found = schedule.members()
        if afford < 0 or len({key for key, _ in found}) < _FEWEST_ALGORITHMS:
            return
        self._afford, answers = afford, {}
        for key, number in found:
            run, name = schedule.runs[key], f"{key}-{number}"
            trial, final = run.trials[number], run.final_settings(number)
            self._members[name] = Member(key, trial.settings, final, trial.seconds)
            answers[name] = out_of_fold(trial, self.experiment)
        arguments = (self.store, self._members, answers, afford)
        self._steps = [Step(WEIGH, weight_members, arguments)]

    def next_step(self) -> Step | None:
        """Return what to start now, if anything."""
        if self._steps:
            return self._steps.pop(0)
        if self._weights is None or len(self._fitted) < len(self._weights.weights):
            return None
        self.is_first = False
        shares = self._weights.weights
        files = {name: self._fitted.pop(name) for name in shares}
        return Step(
            JOIN, join_members, (self.store, shares, files, self._weights.predicted, self.out)
        )

    def give_up(self) -> None:
        """Fit no more members; those that are all fitted may still be joined."""
        self._steps, self.is_first = [], False

    def take(self, fit: Fit, message: FitMessage) -> Iterator[Event]:
        """Take in what a step sends."""
        if message.error:
            self.give_up()
            self._weights = None
            yield RowAdded(
                LeaderboardRow(ENSEMBLE.key, ENSEMBLE.label, FAILED, error=message.error)
            )
        elif isinstance(message.value, EnsembleWeights):
            self._weigh(message.value)
        elif isinstance(message.value, dict):
            if "model" in message.value:
                assert self._weights is not None
                metric = self.experiment.metric
                yield RowAdded(ensemble_row(self._weights, self._members, self._afford, metric))
            yield Explained(ENSEMBLE.key, message.value)
        elif message.ended and fit.fold == _MEMBER:
            name = list(self._members)[fit.trial]
            self._fitted[name] = self._file(name)

    def _weigh(self, weights: EnsembleWeights) -> None:
        if not weights.folds:  # one model is as good alone
            return
        self._weights, self.is_first = weights, True
        places = list(self._members)
        self._steps = [
            Step(
                Fit(ENSEMBLE.key, _MEMBER, places.index(name)),
                fit_member,
                (self.store, self._members[name], self._file(name)),
            )
            for name in weights.weights
        ]

    def _file(self, name: str) -> Path:
        return self.store.with_name(f"{name}.member")
