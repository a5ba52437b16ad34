"""The progress of each algorithm: pure book-keeping, without processes and without a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

from training.algorithms.catalogue import BASELINE, Algorithm
from training.evaluation.fit import FoldResult
from training.evaluation.runs import FINAL, FINAL_FITS, AlgorithmRun, Fit, Trial
from training.metrics import Metric, ranking_metric

_EXPLAINED = 3
# What may join the ensemble, and the answers that are kept for it.
_MOST_MEMBERS, _MOST_OF_A_KIND, _MOST_BYTES = 40, 12, 64 * 2**20
# How much longer than expected a last fit may be.
_GENEROUS = 2.0
_OF_LATE = 0.2
# Seconds of the check on the rows that were kept apart, and of the file.
_CHECK = 0.5
# The share of a budget below which the other folds of an algorithm are cheap.
_CHEAP = 0.03


class Schedule:
    """All algorithms of a job: their defaults, the best of them tuned, then the last fits."""

    def __init__(
        self,
        algorithms: list[Algorithm],
        folds: int,
        slots: int,
        problem: str,
        metric: Metric | None = None,
    ) -> None:
        self.runs = {entry.key: AlgorithmRun(entry, folds) for entry in algorithms}
        self._opening = set(list(self.runs)[:2])
        self.folds, self.slots, self.problem = folds, slots, problem
        self.metric = metric or ranking_metric(problem)
        self.slowness = 1.0
        self.explained = _EXPLAINED
        """For the last fits of how many of the best models time is kept."""
        self.is_extra = False
        """True once all known settings are through: what is drawn comes after the last fits."""

    # --- what to do next ---

    @property
    def is_scored(self) -> bool:
        """True once every algorithm is through its folds or given up."""
        return all(run.is_scored or run.ended for run in self.runs.values())

    def next_fit(self) -> Fit | None:
        """Return the fit to start now: a fold of a default, of a trial, or a last fit."""
        waiting = [key for key, run in self.runs.items() if run.trials[0].waiting and not run.ended]
        if waiting:
            key = min(waiting, key=self._place)
            return Fit(key, self.runs[key].trials[0].waiting[0])
        if not self.is_scored:
            return None
        order = (self._next_final, self._next_trial)
        first, second = order if self.is_extra else reversed(order)
        return first() or second()

    def _place(self, key: str) -> tuple[int, float]:
        """Return where an algorithm stands among those that wait to be scored; lower is first.

        Baseline and first learner, so that there is a model soon; then a fold of each of the
        others, and the rest of their folds, the most promising first.
        """
        trial = self.runs[key].trials[0]
        if key in self._opening:
            return 0, 0.0
        if not trial.results:
            return (2 if trial.running else 1), 0.0
        return 3, -self.mean(trial)

    def behind(self, seconds: float) -> list[tuple[str, str]]:
        """Return the algorithms whose other folds would take more than `seconds`, with the reason.

        Asked once each has seen a fold: better ones, and such as take hardly any time, come first.
        """
        runs = [run for run in self.runs.values() if not run.ended and not run.is_scored]
        if not runs or any(not run.trials[0].results for run in runs):
            return []
        order = sorted(runs, key=lambda run: -self.mean(run.trials[0]))
        found, spent = [], 0.0
        for run in order:
            trial = run.trials[0]
            fits = len(trial.waiting) + len(trial.running)
            needed = fits * (run.fold_seconds or 0.0) / self.slots
            if run is not order[0] and spent + needed > seconds and needed > seconds * _CHEAP:
                found.append((run.algorithm.key, self._gap(trial, order[0].trials[0])))
            else:
                spent += needed
        return found

    def _gap(self, trial: Trial, best: Trial) -> str:
        fold = next(iter(trial.results))
        score = trial.results[fold].scores[self.metric.key]
        other = best.results.get(fold)
        beside = f" beside {other.scores[self.metric.key]:.4g}" if other else ""
        return (
            f"Skipped after a fold: {self.metric.label} {score:.4g}{beside}. The time went to "
            "better ones."
        )

    def _next_trial(self) -> Fit | None:
        for key, run in self.runs.items():
            for number, trial in enumerate(run.trials):
                if trial.waiting and not run.ended:
                    return Fit(key, trial.waiting[0], number)
        return None

    def _next_final(self) -> Fit | None:
        for key in self.by_score():
            run = self.runs[key]
            if not (run.final_started or run.ended or run.is_tuning or run.searching):
                return Fit(key, FINAL, run.chosen)
        return None

    def started(self, fit: Fit, now: float) -> None:
        """Note that a fit has begun."""
        run = self.runs[fit.key]
        if fit.fold is FINAL:
            run.final_started = True
        else:
            run.trials[fit.trial].waiting.remove(fit.fold)
            run.trials[fit.trial].running[fit.fold] = now

    def finished(self, fit: Fit, result: FoldResult, now: float) -> None:
        """Note the outcome of a fold."""
        assert fit.fold is not None
        run = self.runs[fit.key]
        trial = run.trials[fit.trial]
        run.taken.append(now - trial.running.pop(fit.fold))
        trial.results[fit.fold] = result
        # Of late counts most: others on the machine come and go.
        self.slowness += (result.slowness - self.slowness) * _OF_LATE

    def by_score(self) -> list[str]:
        """Return the algorithms that are through their folds, best first."""
        scored = [key for key, run in self.runs.items() if run.is_scored]
        return sorted(scored, key=lambda key: -self.mean(self.runs[key].best))

    def through(self) -> list[tuple[str, int]]:
        """Return algorithm and number of the settings that saw all folds, best first."""
        found = [
            (key, number)
            for key, run in self.runs.items()
            if key != BASELINE
            for number, trial in enumerate(run.trials)
            if len(trial.results) == self.folds
        ]
        return sorted(found, key=lambda one: -self.mean(self.runs[one[0]].trials[one[1]]))

    def forget_weak(self) -> None:
        """Keep the answers of the best settings alone: hundreds would fill the memory."""
        kept, of_kind = 0, Counter[str]()
        for key, number in self.through():
            trial = self.runs[key].trials[number]
            of_kind[key] += 1
            kept += sum(result.predicted.nbytes for result in trial.results.values())
            is_weak = kept > _MOST_BYTES or of_kind[key] > _MOST_OF_A_KIND
            if is_weak and number != self.runs[key].chosen:
                trial.forget()

    def members(self) -> list[tuple[str, int]]:
        """Return algorithm and number of the settings that may join, best first."""
        found = [
            (key, number)
            for key, number in self.through()
            if all(len(r.predicted) for r in self.runs[key].trials[number].results.values())
        ]
        return found[:_MOST_MEMBERS]

    @property
    def is_search_over(self) -> bool:
        """True once nothing waits for a fold, or is in one."""
        return self.is_scored and not any(
            run.searching or run.is_tuning for run in self.runs.values() if not run.ended
        )

    def mean(self, trial: Trial, folds: int | None = None) -> float:
        """Return the score over the first folds, else all seen, turned so that more is better."""
        numbers = sorted(trial.results) if folds is None else range(folds)
        scores = [trial.results[fold].scores[self.metric.key] for fold in numbers]
        return sum(scores) / len(scores) * self.metric.sign

    def fold_scores(self, trial: Trial) -> list[float]:
        """Return the score of each fold of settings that are through."""
        return [trial.results[fold].scores[self.metric.key] for fold in range(self.folds)]

    # --- time ---

    def seconds_needed(self, key: str, now: float) -> float | None:
        """Return what an algorithm needs to be scored, also by a fit that runs longer than it."""
        run = self.runs[key]
        trial = run.trials[0]
        running = max((now - began for began in trial.running.values()), default=0.0)
        if run.fold_seconds is None and not running:
            return None
        fold = max(run.fold_seconds or 0.0, running)
        spent = sum(now - began for began in trial.running.values())
        left = (self.folds - len(trial.results)) * fold - spent
        return max(left / self.slots, fold - running if trial.running else fold)

    def is_first(self, key: str, given_up: Container[str] = ()) -> bool:
        """Return whether an algorithm is next to be scored while only the baseline is.

        `given_up` are algorithms that count as ended already.
        """
        learners = [run for k, run in self.runs.items() if k != BASELINE]
        if any(run.is_scored for run in learners):
            return False
        waiting = (run for run in learners if not run.ended and run.algorithm.key not in given_up)
        return next(waiting, None) is self.runs[key]

    def finals(self) -> float:
        """Return the time that the last fits of the best models may take, generously."""
        best = [self.runs[key] for key in self.by_score()[: self.explained]]
        runs = [run for run in best if not run.ended]
        return _GENEROUS * sum(run.final_seconds(self.slowness) for run in runs) / self.slots

    def reserve(self) -> float:
        """Return the time that the last fit of the best model so far may take with its check.

        Its plots have the moment after the end.
        """
        runs = [self.runs[key] for key in self.by_score()]
        if not runs:
            return 0.0
        return _GENEROUS * FINAL_FITS * (runs[0].fold_seconds or 0.0) + _CHECK * self.slowness
