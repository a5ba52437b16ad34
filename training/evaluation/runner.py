"""The evaluation of the algorithms: folds, tuning, hold-out, ensemble, budget. Yields events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from training.algorithms import model_file
from training.algorithms.catalogue import BASELINE, ENSEMBLE, Algorithm
from training.evaluation.budget import (
    ENSEMBLE_SECONDS,
    GRACE,
    MEMBER_FITS,
    PULSE,
    SHARE_OF_DEFAULTS,
    Budget,
    EvaluationLimits,
    late,
)
from training.evaluation.convergence import Convergence
from training.evaluation.ensemble_run import JOIN, EnsembleRun
from training.evaluation.events import (
    Event,
    Explained,
    FoldFinished,
    FoldStarted,
    Improved,
    Pulse,
    RowAdded,
    Searched,
)
from training.evaluation.final_fit import finish
from training.evaluation.fit import FoldResult, fit_fold, rescored
from training.evaluation.fit_pool import FitMessage, FitPool
from training.evaluation.leaderboard_rows import out_of_fold, row_of
from training.evaluation.runs import FINAL, AlgorithmRun, Fit, Trial
from training.evaluation.schedule import Schedule
from training.evaluation.search import Search
from training.modelling.experiment import Experiment
from training.problem.problem_type import CLUSTERING
from training.results.leaderboard import FAILED, SKIPPED, LeaderboardRow


def evaluate(
    experiment: Experiment,
    algorithms: Sequence[Algorithm],
    limits: EvaluationLimits,
    pool: FitPool,
    scratch: Path,
    out: Path,
) -> Iterator[Event]:
    """Cross-validate every algorithm on the same folds, then fit, explain and save it.

    `scratch` takes the data for the processes of the pool, `out` models and plots.
    """
    out.mkdir(parents=True, exist_ok=True)
    store = scratch / "experiment.joblib"
    experiment.save(store)
    run = _Run(experiment, list(algorithms), limits, pool, store, out)
    try:
        yield from run.events()
    finally:
        pool.close()
        model_file.finish_replacements(out)
        store.unlink(missing_ok=True)
        for member in scratch.glob("*.member"):
            member.unlink()


class _Run:
    def __init__(
        self,
        experiment: Experiment,
        algorithms: list[Algorithm],
        limits: EvaluationLimits,
        pool: FitPool,
        store: Path,
        out: Path,
    ) -> None:
        self.experiment, self.limits, self.pool = experiment, limits, pool
        self.store, self.out = store, out
        self.schedule = Schedule(
            algorithms, len(experiment.folds), pool.slots, experiment.problem, experiment.metric
        )
        self.search = Search(self.schedule, experiment.seed)
        self.search.is_over = not limits.tune
        self.convergence = Convergence(experiment, time.monotonic)
        self.search.ahead = self.convergence.ahead
        self.ensemble = EnsembleRun(experiment, store, out, limits.ensemble)
        if limits.ensemble:  # mostly it is the best, and one model is enough to fall back on
            self.schedule.explained = 1
        self.budget = Budget(self.schedule, self.search, limits.deadline)
        self.in_vain = 0
        """How many settings had helped nothing when that ended the search."""
        self.is_reported = not limits.tune
        self.enough = False
        self.measured_at = 0.0

    def events(self) -> Iterator[Event]:
        while True:
            yield from self._give_up_late()
            yield from self._relieve()
            yield from self._start()
            if not self.pool.running:
                return
            for message in self.pool.messages(self.budget.patience):
                yield from self._take(message)
            if not self.enough and self.limits.is_enough():
                yield from self._wind_up()
            done, remaining = self.budget.progress(self.ensemble.is_wanted)
            yield Pulse(done, remaining, tuple(sorted(self.pool.running, key=str)))

    # --- what is started ---

    def _start(self) -> Iterator[Event]:
        while not self.pool.is_full:
            if self._is_searched():
                if not self.is_reported:
                    self.is_reported = True
                    yield Searched(self.search.tried(), self.in_vain)
                if self.ensemble.is_wanted:
                    self.ensemble.begin(self.schedule, self._afford())
            if step := self.ensemble.next_step():
                self.pool.start(step.fit, step.work, *step.arguments)
                continue
            fit = self._next_fit()
            if fit is None:
                return
            run = self.schedule.runs[fit.key]
            self.schedule.started(fit, time.monotonic())
            settings = run.trials[fit.trial].settings
            if fit.fold is FINAL:
                settings = run.final_settings(fit.trial)
                answers = out_of_fold(run.trials[fit.trial], self.experiment)
                best = self.schedule.by_score()[0] == fit.key
                self.pool.start(fit, finish, self.store, fit.key, settings, self.out, answers, best)
            else:
                self.pool.start(fit, fit_fold, self.store, fit.key, fit.fold, settings)
                if not fit.trial:
                    yield FoldStarted(fit.key, fit.fold)

    def _next_fit(self) -> Fit | None:
        """Return the fit to start now; new settings are added where there is room for them."""
        fit = self.schedule.next_fit()
        if fit is None or (fit.fold is FINAL and not self.schedule.is_extra):
            left = self.budget.left - self.budget.ensemble_seconds(self.ensemble.is_wanted)
            if self.search.extend(left) or fit is None:
                fit = self.schedule.next_fit()
        is_later = fit is not None and fit.fold is FINAL and self.ensemble.is_first
        return None if is_later else fit

    def _is_searched(self) -> bool:
        return self.search.is_over and self.schedule.is_search_over

    def _afford(self) -> float:
        """Return the seconds that a fold of all members may take together, to be fitted in time.

        Negative where there is no time for an ensemble.
        """
        left = self.budget.left
        if left < ENSEMBLE_SECONDS:
            return -1.0
        kept = 2 * ENSEMBLE_SECONDS * self.schedule.slowness
        return max(0.0, left - kept) * self.pool.slots / MEMBER_FITS

    # --- what comes back ---

    def _take(self, message: FitMessage) -> Iterator[Event]:
        fit: Fit = message.tag
        if fit.key == ENSEMBLE.key:
            if message.error:
                self._kill(one for one in self.pool.running if one.key == ENSEMBLE.key)
            yield from self.ensemble.take(fit, message)
            return
        run = self.schedule.runs[fit.key]
        if message.error:
            yield from self._failed(fit, message.error)
        elif isinstance(message.value, FoldResult):
            self.schedule.finished(fit, message.value, time.monotonic())
            if len(run.trials[fit.trial].results) == len(self.experiment.folds):
                yield from self._through(run.trials[fit.trial])
            yield from self._scored(fit)
        elif fit.fold is FINAL and message.ended:
            run.ended = True
        elif message.value is not None:
            run.steps = min(3, run.steps + 1)
            yield Explained(fit.key, message.value)

    def _through(self, trial: Trial) -> Iterator[Event]:
        """Look at settings that have seen all folds; these choose the threshold of each other."""
        if self.experiment.problem == CLUSTERING:
            return
        results = [trial.results[fold] for fold in range(len(self.experiment.folds))]
        trial.results = dict(enumerate(rescored(self.experiment, results)))
        self.convergence.add(out_of_fold(trial, self.experiment))
        yield Improved(self.convergence.line.to_json())

    def _scored(self, fit: Fit) -> Iterator[Event]:
        run, trial = self.schedule.runs[fit.key], self.schedule.runs[fit.key].trials[fit.trial]
        if not fit.trial:
            assert fit.fold is not None
            result = trial.results[fit.fold]
            score = result.scores[self.experiment.metric.key]
            yield FoldFinished(fit.key, fit.fold, score, result.seconds)
            if run.is_scored:
                yield RowAdded(row_of(run, self.experiment))
            if self.schedule.is_scored:  # from here on it is the search that helps, or does not
                self.convergence.restart()
            return
        if self.search.judge(fit):
            self.convergence.drop()
        self.search.ahead = self.convergence.ahead
        if len(trial.results) == len(self.experiment.folds):
            yield from self._chosen(fit.key)
        if not self.search.ahead and not self.search.is_over:
            self.in_vain = self.convergence.in_vain
            yield from self._end_search()

    def _chosen(self, key: str) -> Iterator[Event]:
        if self.search.choose(key):
            yield RowAdded(row_of(self.schedule.runs[key], self.experiment))

    def _failed(self, fit: Fit, reason: str) -> Iterator[Event]:
        key, run = fit.key, self.schedule.runs[fit.key]
        if run.ended:
            return
        if fit.trial and fit.fold is not FINAL:
            trial = run.trials[fit.trial]
            self._kill([Fit(key, fold, fit.trial) for fold in trial.running])
            trial.drop()
            return
        self._end(key)
        if run.is_scored:
            yield Explained(key, {"note": f"Without {run.unexplained}. {reason}"})
        else:
            yield RowAdded(LeaderboardRow(key, run.algorithm.label, FAILED, error=reason))

    # --- what is ended early ---

    def _wind_up(self) -> Iterator[Event]:
        """End with what is finished: the best model is still fitted, saved and explained."""
        self.enough = True
        self.ensemble.is_wanted = False
        yield from self._end_search()
        best = next(iter(self.schedule.by_score()), BASELINE)
        for key, run in self.schedule.runs.items():
            if key == best or run.ended:
                continue
            if run.is_scored:
                yield from self._unexplained(key, "Stopped by you before")
            else:
                yield from self._skipped(key, "Skipped: stopped by you.")

    def _give_up_late(self) -> Iterator[Event]:
        """Skip what cannot be finished in time."""
        left = self.budget.left
        if left == float("inf"):
            return
        kept = self.schedule.finals() + self.budget.ensemble_seconds(self.ensemble.is_wanted)
        if self.schedule.is_scored and left <= kept:
            yield from self._end_search()
        if self.limits.tune:
            for key, reason in self.schedule.behind(left * SHARE_OF_DEFAULTS):
                yield from self._skipped(key, reason)
        for key, reason in late(self.schedule, left, time.monotonic()):
            if self.schedule.runs[key].is_scored:
                yield from self._unexplained(key, reason)
            else:
                yield from self._skipped(key, reason)
        if left <= 0:
            ensemble = [fit for fit in self.pool.running if fit.key == ENSEMBLE.key]
            self.ensemble.give_up()
            self._kill(fit for fit in ensemble if fit != JOIN or left <= -GRACE)

    def _end_search(self) -> Iterator[Event]:
        """End the search with the settings that are through all folds."""
        self._kill(self.search.end())
        for key in self.schedule.by_score():
            yield from self._chosen(key)

    def _relieve(self) -> Iterator[Event]:
        """Stop the heaviest fit before the memory of the whole job is used up."""
        limit = self.limits.memory_mb
        if limit is None or time.monotonic() - self.measured_at < PULSE:
            return
        self.measured_at = time.monotonic()
        if found := self.pool.too_heavy(limit):
            fit, reason = found
            self.pool.kill(fit)
            if fit.key != ENSEMBLE.key:
                yield from self._failed(fit, reason)

    def _skipped(self, key: str, reason: str) -> Iterator[Event]:
        run = self._end(key)
        yield RowAdded(LeaderboardRow(key, run.algorithm.label, SKIPPED, error=reason))

    def _unexplained(self, key: str, cause: str) -> Iterator[Event]:
        run = self._end(key)
        if run.steps < 3 and not (key == BASELINE and run.steps == 2):
            yield Explained(key, {"note": f"{cause} {run.unexplained} could be made."})

    def _end(self, key: str) -> AlgorithmRun:
        self._kill([fit for fit in self.pool.running if fit.key == key])
        run = self.schedule.runs[key]
        run.ended = True
        return run

    def _kill(self, fits: Iterable[Fit]) -> None:
        for fit in list(fits):
            if fit in self.pool.running:
                self.pool.kill(fit)
