"""The search for better settings, in rounds: many are tried on the first folds, the best go on."""

from __future__ import annotations

import math

from training.evaluation import candidates
from training.evaluation.runs import AlgorithmRun, Fit, Trial
from training.evaluation.schedule import Schedule
from training.results.significance import is_paired_noise

TUNED = 3
# What the planned round may use of the time that is left.
SHARE = 0.7
# How many algorithms are tuned in the time that is left after it.
MOST_TUNED = 5
# Their portfolios are worth their time on any table.
_ALWAYS = ("lightgbm", "boosting")


class Search:
    """One planned round for the best algorithms; where `goes_on`, further ones in the time left."""

    def __init__(self, schedule: Schedule, seed: int, goes_on: bool = False) -> None:
        self.schedule, self.seed, self.goes_on = schedule, seed, goes_on
        self.is_due = True
        """True until the planned round is given out, or not wanted any more."""
        self.ahead = math.inf
        """How many more settings are tried at least, were there no end of the budget."""

    # --- which settings are tried ---

    def plan(self, left: float) -> None:
        """Give the best algorithms settings to try, as many as the time that is left allows."""
        self.is_due = False
        seconds = (left - self.schedule.finals()) * SHARE
        learners = self._learners()
        for key in learners[:TUNED]:
            run = self.schedule.runs[key]
            size = self._affordable(run, seconds)
            seconds -= self._seconds_of(run, size)
            made = candidates.candidates(run.algorithm, self.schedule.problem, size, self.seed)
            self._add(run, made)
        for key in learners[TUNED:]:
            if key in _ALWAYS:
                self._add_portfolio(self.schedule.runs[key], seconds)
        for key in learners:
            self.schedule.runs[key].searching = self.goes_on

    def go_on(self, left: float) -> None:
        """Give algorithms whose round is over another one, as long as there is time and hope."""
        if not self.schedule.is_extra:
            runs = self.open_runs()
            if not runs or any(run.is_tuning for run in runs):
                return
            self._choose_runs()
        seconds = left - self.schedule.finals() - self._pending()
        for run in self.open_runs():
            if not run.is_tuning:
                seconds -= self._next_round(run, seconds)

    def open_runs(self) -> list[AlgorithmRun]:
        """Return the algorithms that may get further settings."""
        return [run for run in self.schedule.runs.values() if run.searching and not run.ended]

    def _learners(self) -> list[str]:
        runs, problem = self.schedule.runs, self.schedule.problem
        return [
            k for k in self.schedule.by_score() if candidates.space_of(runs[k].algorithm, problem)
        ]

    def _choose_runs(self) -> None:
        self.schedule.is_extra = True
        hopeful = self.hopeful()
        for key, run in self.schedule.runs.items():
            run.searching = key in hopeful

    def hopeful(self) -> list[str]:
        """Return the learners that cannot be told from the best; the best of them at least."""
        best, learners = self.schedule.runs[self.schedule.by_score()[0]], self._learners()
        near = [key for key in learners if self._is_near(self.schedule.runs[key], best)]
        return (near or learners[:1])[:MOST_TUNED]

    def _is_near(self, run: AlgorithmRun, best: AlgorithmRun) -> bool:
        # Defaults are compared as well: what is tuned has the luck of its folds on its side.
        pairs = (run.trials[0], best.trials[0]), (run.best, best.best)
        scores = self.schedule.fold_scores
        return any(is_paired_noise(scores(ours), scores(theirs)) for ours, theirs in pairs)

    def _next_round(self, run: AlgorithmRun, seconds: float) -> float:
        """Add a round, or close the search of this algorithm; return the seconds that it takes."""
        number, problem = run.round + 1, self.schedule.problem
        size = self._affordable(run, seconds)
        made = candidates.more_candidates(
            run.algorithm, problem, size, f"{self.seed} {run.algorithm.key} {number}",
            [trial.settings for trial in run.trials], run.best.settings,
        )  # fmt: skip
        run.searching = bool(made)
        self._add(run, made)
        return self._seconds_of(run, len(made))

    def _add_portfolio(self, run: AlgorithmRun, seconds: float) -> None:
        """Add as much of a portfolio as the time allows, most promising first."""
        known = candidates.portfolio(run.algorithm, self.schedule.problem)
        cost = (run.fold_seconds or 0.0) * self.schedule.folds / self.schedule.slots
        self._add(run, known[: int(max(0.0, seconds) / cost) if cost else len(known)])

    def _add(self, run: AlgorithmRun, made: list[dict]) -> None:
        number, first = run.round + 1, candidates.first_folds(self.schedule.folds)
        known = run.algorithm.portfolio
        run.trials += [
            # What is known to be good and unlike the rest is worth much to the ensemble.
            Trial(one, list(range(self.schedule.folds if one in known else first)), round=number)
            for one in made
        ]

    # --- what becomes of them ---

    def halve(self, key: str) -> int:
        """Let only the best settings of a round go on, once all have seen the first folds.

        Returns how many are dropped.
        """
        run, first = self.schedule.runs[key], candidates.first_folds(self.schedule.folds)
        known = run.algorithm.portfolio
        tried = [t for t in run.trials[1:] if t.round == run.round and t.settings not in known]
        alive = [trial for trial in tried if not trial.dropped]
        if any(len(trial.results) < first for trial in alive):
            return 0
        dropped = 0
        if all(len(trial.results) == first and not trial.waiting for trial in alive):
            order = sorted(alive, key=lambda trial: -self.schedule.mean(trial, first))
            best = order[: candidates.survivors(len(tried))]
            for trial in alive:
                if trial in best:
                    trial.waiting = list(range(first, self.schedule.folds))
                else:
                    trial.drop()
                    trial.forget()
                    dropped += 1
        return dropped

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
        self.is_due = self.goes_on = False
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

    def _affordable(self, run: AlgorithmRun, seconds: float) -> int:
        fold = run.fold_seconds or 0.0
        return next(
            candidates.affordable(seconds, fold, self.schedule.folds, self.schedule.slots), 0
        )

    def _seconds_of(self, run: AlgorithmRun, size: int) -> float:
        fits = candidates.fits_of(size, self.schedule.folds) if size else 0
        return fits * (run.fold_seconds or 0.0) / self.schedule.slots

    def _pending(self) -> float:
        """Return the seconds of rounds that go on now."""
        fits = ((fits_ahead(run), run.fold_seconds or 0.0) for run in self.open_runs())
        return sum(number * fold for number, fold in fits) / self.schedule.slots


def fits_ahead(run: AlgorithmRun) -> float:
    """Estimate the fits that the settings of an algorithm still take, begun ones among them."""
    fits = float(sum(len(trial.waiting) + len(trial.running) for trial in run.trials))
    first = candidates.first_folds(run.folds)
    latest = [trial for trial in run.trials if trial.round == run.round]
    if run.round and any(t.waiting or t.running for t in latest if len(t.results) < first):
        # About half of those that may go on are not better than the default and do not.
        known = sum(trial.settings in run.algorithm.portfolio for trial in latest)
        fits += max(known, candidates.survivors(len(latest)) / 2) * (run.folds - first)
    return fits
