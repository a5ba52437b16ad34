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
from training.evaluation.ensemble import (
    EnsembleWeights,
    Member,
    fit_member,
    join_members,
    weight_members,
)
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
from training.evaluation.leaderboard_rows import ensemble_row, out_of_fold, row_of
from training.evaluation.runs import FINAL, AlgorithmRun, Fit, Trial
from training.evaluation.schedule import Schedule
from training.evaluation.search import Search
from training.modelling.experiment import Experiment
from training.problem.problem_type import CLUSTERING
from training.results.leaderboard import FAILED, SKIPPED, LeaderboardRow

_WEIGH, _ENSEMBLE = Fit(ENSEMBLE.key, 0), Fit(ENSEMBLE.key, FINAL)
_FEWEST_ALGORITHMS = 3


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
        self.metric = experiment.metric
        self.schedule = Schedule(
            algorithms, len(experiment.folds), pool.slots, experiment.problem, self.metric
        )
        goes_on = limits.tune and limits.deadline is not None
        self.search = Search(self.schedule, experiment.seed, goes_on)
        self.search.is_due = limits.tune
        self.joins = limits.ensemble
        if self.joins:  # mostly it is the best, and one model is enough to fall back on
            self.schedule.explained = 1
        self.members: dict[str, Member] = {}
        self.afford = 0.0
        self.is_joining = False
        """True from the first last fit of a member to the start of the join: it comes first."""
        self.weights: EnsembleWeights | None = None
        self.to_fit: list[str] = []
        self.fitted: dict[str, Path] = {}
        self.budget = Budget(self.schedule, self.search, limits.deadline)
        self.convergence = Convergence(experiment, time.monotonic)
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
            done, remaining = self.budget.progress(self.joins)
            yield Pulse(done, remaining, tuple(sorted(self.pool.running, key=str)))

    # --- what is ended early ---

    def _wind_up(self) -> Iterator[Event]:
        """End with what is finished: the best model is still fitted, saved and explained."""
        self.enough = True
        self.joins = False
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
        kept = self.schedule.finals() + self.budget.ensemble_seconds(self.joins)
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
            self.to_fit, self.is_joining = [], False
            ensemble = [fit for fit in self.pool.running if fit.key == ENSEMBLE.key]
            self._kill(fit for fit in ensemble if fit != _ENSEMBLE or left <= -GRACE)

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
        for fit in fits:
            if fit in self.pool.running:
                self.pool.kill(fit)

    def _end_search(self) -> Iterator[Event]:
        """End the search with the settings that are through all folds."""
        self._kill(self.search.end())
        for key in self.schedule.by_score():
            yield from self._chosen(key)

    # --- what is started ---

    def _start(self) -> Iterator[Event]:
        while not self.pool.is_full:
            yield from self._extend_search()
            if self._start_ensemble() or self._start_member() or self._start_join():
                continue
            fit = self.schedule.next_fit()
            if fit is None or (fit.fold is FINAL and self.is_joining):
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

    def _extend_search(self) -> Iterator[Event]:
        """Give out settings to try; report those that used the time that was left, at their end."""
        if not self.schedule.is_scored:
            return
        left = self.budget.left - self.budget.ensemble_seconds(self.joins)
        if self.search.is_due:
            self.search.plan(left)
            self.convergence.since = 0
        self.search.go_on(left)
        if not (self.search.is_due or self.is_reported) and self.schedule.is_search_over:
            self.is_reported = True
            yield Searched(self.search.tried(), self.in_vain)

    def _start_ensemble(self) -> bool:
        """Weigh all settings that are through once the search is over; return whether it began."""
        if not self.joins or self.search.is_due or not self.schedule.is_search_over:
            return False
        self.joins = False
        found = self.schedule.members()
        if (
            len({key for key, _ in found}) < _FEWEST_ALGORITHMS
            or self.budget.left < ENSEMBLE_SECONDS
        ):
            return False
        runs = self.schedule.runs
        self.members, answers = {}, {}
        for key, number in found:
            trial, name = runs[key].trials[number], f"{key}-{number}"
            final = runs[key].final_settings(number)
            self.members[name] = Member(key, trial.settings, final, trial.seconds)
            answers[name] = out_of_fold(trial, self.experiment)
        self.afford = self._afford()
        self.pool.start(_WEIGH, weight_members, self.store, self.members, answers, self.afford)
        return True

    def _start_member(self) -> bool:
        """Fit the next member of the ensemble; return whether there was one."""
        if not self.to_fit:
            return False
        name = self.to_fit.pop(0)
        fit = Fit(ENSEMBLE.key, 1, list(self.members).index(name))
        file = self.store.with_name(f"{name}.member")
        self.pool.start(fit, fit_member, self.store, self.members[name], file)
        return True

    def _start_join(self) -> bool:
        """Join the members once the last of them is fitted; return whether that has begun."""
        if self.weights is None or len(self.fitted) < len(self.weights.weights):
            return False
        shares, predicted = self.weights.weights, self.weights.predicted
        files = {name: self.fitted.pop(name) for name in shares}
        self.is_joining = False
        self.pool.start(_ENSEMBLE, join_members, self.store, shares, files, predicted, self.out)
        return True

    def _afford(self) -> float:
        """Return the seconds that a fold of all members may take together, to be fitted in time."""
        left = self.budget.left - 2 * ENSEMBLE_SECONDS * self.schedule.slowness
        return max(0.0, left) * self.pool.slots / MEMBER_FITS

    # --- what comes back ---

    def _take(self, message: FitMessage) -> Iterator[Event]:
        fit: Fit = message.tag
        if fit.key == ENSEMBLE.key:
            yield from self._take_ensemble(fit, message)
            return
        key, run = fit.key, self.schedule.runs[fit.key]
        if message.error:
            yield from self._failed(fit, message.error)
        elif isinstance(message.value, FoldResult):
            self.schedule.finished(fit, message.value, time.monotonic())
            yield from self._through(run.trials[fit.trial])
            yield from self._scored(fit, message.value)
            is_through = len(run.trials[fit.trial].results) == len(self.experiment.folds)
            if is_through and self.convergence.is_over and not self.search.is_due:
                self.in_vain = self.in_vain or self.convergence.since
                yield from self._end_search()
        elif fit.fold is FINAL and message.ended:
            run.ended = True
        elif message.value is not None:
            run.steps = min(3, run.steps + 1)
            yield Explained(key, message.value)

    def _through(self, trial: Trial) -> Iterator[Event]:
        """Look at settings that have seen all folds; these choose the threshold of each other."""
        folds = range(len(self.experiment.folds))
        if len(trial.results) < len(folds) or self.experiment.problem == CLUSTERING:
            return
        results = rescored(self.experiment, [trial.results[fold] for fold in folds])
        trial.results = dict(enumerate(results))
        self.convergence.add(out_of_fold(trial, self.experiment))
        self.search.ahead = self.convergence.patience - self.convergence.since
        yield Improved(self.convergence.line.to_json())

    def _scored(self, fit: Fit, result: FoldResult) -> Iterator[Event]:
        key, run = fit.key, self.schedule.runs[fit.key]
        if fit.trial:
            self.convergence.since += self.search.halve(key)
            if not run.is_tuning:
                yield from self._chosen(key)
            return
        assert fit.fold is not None
        yield FoldFinished(key, fit.fold, result.scores[self.metric.key], result.seconds)
        if run.is_scored:
            yield RowAdded(row_of(run, self.experiment))

    def _chosen(self, key: str) -> Iterator[Event]:
        if self.search.choose(key):
            yield RowAdded(row_of(self.schedule.runs[key], self.experiment))

    def _take_ensemble(self, fit: Fit, message: FitMessage) -> Iterator[Event]:
        if message.error:
            self._kill([one for one in self.pool.running if one.key == ENSEMBLE.key])
            self.weights, self.to_fit, self.is_joining = None, [], False
            yield RowAdded(
                LeaderboardRow(ENSEMBLE.key, ENSEMBLE.label, FAILED, error=message.error)
            )
        elif isinstance(message.value, EnsembleWeights):
            if message.value.folds:
                self.weights, self.to_fit = message.value, list(message.value.weights)
                self.is_joining = True
        elif isinstance(message.value, dict):
            if "model" in message.value:
                assert self.weights is not None
                yield RowAdded(ensemble_row(self.weights, self.members, self.afford, self.metric))
            yield Explained(ENSEMBLE.key, message.value)
        elif message.ended and fit not in {_WEIGH, _ENSEMBLE}:
            name = list(self.members)[fit.trial]
            self.fitted[name] = self.store.with_name(f"{name}.member")

    def _failed(self, fit: Fit, reason: str) -> Iterator[Event]:
        key, run = fit.key, self.schedule.runs[fit.key]
        if run.ended:
            return
        if fit.trial and fit.fold is not FINAL:
            trial = run.trials[fit.trial]
            self._kill([Fit(key, fold, fit.trial) for fold in trial.running])
            trial.drop()
            self.search.halve(key)
            if not run.is_tuning:
                yield from self._chosen(key)
            return
        self._end(key)
        if run.is_scored:
            yield Explained(key, {"note": f"Without {run.unexplained}. {reason}"})
        else:
            yield RowAdded(LeaderboardRow(key, run.algorithm.label, FAILED, error=reason))
