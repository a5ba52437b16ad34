"""The search for better settings: one ordered list, known ones first, then drawn ones.

Each is added once there is room and time for it. A drawn one sees some folds and goes on if it is
among the best third of its algorithm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from training.evaluation import candidates
from training.evaluation.runs import AlgorithmRun, Fit, Trial
from training.evaluation.schedule import Schedule
from training.results.significance import is_paired_noise

# How many algorithms are tuned, and those whose known settings are worth their time on any table.
_TUNED, _DRAWN = 3, 5
_ALWAYS = ("lightgbm", "boosting", "linear")
_FIRST_FOLDS = 2
_SHARE_THAT_GOES_ON = 1 / 3


class Search:
    """Adds settings to the algorithms of a schedule, until its end or until none is left."""

    def __init__(self, schedule: Schedule, seed: int) -> None:
        self.schedule, self.seed = schedule, seed
        self.is_over = False
        self.ahead = math.inf
        """How many more settings are tried at least, were there no end of the budget."""
        self._known: Iterator[tuple[str, dict[str, Any]]] | None = None

    @property
    def first_folds(self) -> int:
        """On how many folds drawn settings are tried; only the best of them see the others."""
        return _FIRST_FOLDS if self.schedule.folds > 3 else 1

    @property
    def fits_of_one(self) -> float:
        """How many fits drawn settings take on average."""
        first = self.first_folds
        return first + (self.schedule.folds - first) * _SHARE_THAT_GOES_ON

    # --- which settings are tried ---

    def extend(self, left: float) -> bool:
        """Add the next settings if `left` seconds allow it; return whether there were any."""
        if self.is_over or not self.schedule.is_scored:
            return False
        if self._known is None:
            self._known = self._portfolio()
            for key in self._learners():
                self.schedule.runs[key].searching = True
        spare = left - self.schedule.finals() - self._pending()
        for key, settings in self._known:
            run = self.schedule.runs[key]
            if not run.ended and self._seconds(run, self.schedule.folds) <= spare:
                return self._add(run, settings, self.schedule.folds)
        return self._extend_drawn(spare)

    def _extend_drawn(self, spare: float) -> bool:
        runs = self.open_runs()
        if runs and not self.schedule.is_extra:
            if any(run.is_tuning for run in runs):
                return False  # they may show which algorithms are worth more
            self.schedule.is_extra = True
            hopeful = self.hopeful()
            for run in runs:
                run.searching = run.algorithm.key in hopeful
            runs = self.open_runs()
        for run in sorted(runs, key=lambda run: len(run.trials)):  # in turn
            made = candidates.drawn(
                run.algorithm, self.schedule.problem, f"{self.seed} {len(run.trials)}",
                [trial.settings for trial in run.trials], run.best.settings,
            )  # fmt: skip
            if made is not None and self._seconds(run, self.fits_of_one) <= spare:
                return self._add(run, made, self.first_folds)
            run.searching = made is not None and run.is_tuning
        self.is_over = not any(run.is_tuning for run in self.open_runs())
        return False

    def _portfolio(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the known settings of the best algorithms in turn, most promising first."""
        learners = self._learners()
        keys = [key for n, key in enumerate(learners) if n < _TUNED or key in _ALWAYS]
        lists = [
            candidates.portfolio(self.schedule.runs[key].algorithm, self.schedule.problem)
            for key in keys
        ]
        for places in zip_longest(*lists):
            yield from ((key, one) for key, one in zip(keys, places, strict=True) if one)

    def _add(self, run: AlgorithmRun, settings: dict[str, Any], folds: int) -> bool:
        run.trials.append(Trial(settings, list(range(folds))))
        return True

    def open_runs(self) -> list[AlgorithmRun]:
        """Return the algorithms that may get further settings."""
        return [run for run in self.schedule.runs.values() if run.searching and not run.ended]

    def _learners(self) -> list[str]:
        runs, problem = self.schedule.runs, self.schedule.problem
        return [
            k for k in self.schedule.by_score() if candidates.space_of(runs[k].algorithm, problem)
        ]

    def hopeful(self) -> list[str]:
        """Return the learners that cannot be told from the best; the best of them at least."""
        best, learners = self.schedule.runs[self.schedule.by_score()[0]], self._learners()
        near = [key for key in learners if self._is_near(self.schedule.runs[key], best)]
        return (near or learners[:1])[:_DRAWN]

    def _is_near(self, run: AlgorithmRun, best: AlgorithmRun) -> bool:
        # Defaults are compared as well: what is tuned has the luck of its folds on its side.
        pairs = (run.trials[0], best.trials[0]), (run.best, best.best)
        scores = self.schedule.fold_scores
        return any(is_paired_noise(scores(ours), scores(theirs)) for ours, theirs in pairs)

    # --- what becomes of them ---

    def judge(self, fit: Fit) -> bool:
        """Let settings that have seen their first folds go on or drop them; True: dropped."""
        run, first = self.schedule.runs[fit.key], self.first_folds
        trial = run.trials[fit.trial]
        if len(trial.results) != first or trial.waiting or trial.running:
            return False
        seen = [self.schedule.mean(t, first) for t in run.trials if t.has_seen(first)]
        better = sum(score > self.schedule.mean(trial, first) for score in seen)
        if better < max(1, len(seen) * _SHARE_THAT_GOES_ON):
            trial.waiting = list(range(first, self.schedule.folds))
            return False
        trial.drop()
        trial.forget()
        return True

    def choose(self, key: str) -> bool:
        """Take the best settings that are through all folds; return whether they are new."""
        run = self.schedule.runs[key]
        before, folds = run.chosen, self.schedule.folds
        through = [n for n, trial in enumerate(run.trials) if len(trial.results) == folds]
        run.chosen = max(through, key=lambda n: self.schedule.mean(run.trials[n]))
        self.schedule.forget_weak()
        return run.chosen != before

    def end(self) -> list[Fit]:
        """Drop all settings that are not through; return the fits that are in vain now."""
        self.is_over = True
        vain: list[Fit] = []
        for key, run in self.schedule.runs.items():
            run.searching = False
            for number, trial in enumerate(run.trials[1:], start=1):
                if len(trial.results) < self.schedule.folds and not trial.dropped:
                    vain += [Fit(key, fold, number) for fold in trial.running]
                    trial.drop()
        return vain

    def tried(self) -> dict[str, int]:
        """Return how many settings of which algorithm were tried beside its default."""
        runs = self.schedule.runs
        return {key: run.tried - 1 for key, run in runs.items() if run.tried > 1}

    # --- time ---

    def _seconds(self, run: AlgorithmRun, fits: float) -> float:
        return fits * (run.fold_seconds or 0.0) / self.schedule.slots

    def _pending(self) -> float:
        """Return the seconds of what is being tried now."""
        return sum(self._seconds(run, run.fits_ahead) for run in self.open_runs())
