"""The time of an evaluation: what is left of its budget, what is kept for the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.algorithms.catalogue import BASELINE
from training.evaluation.runs import FINAL_FITS, FINAL_SECONDS, AlgorithmRun
from training.evaluation.schedule import Schedule
from training.evaluation.search import Search

PULSE = 1.0
# What the file of the best model may take beyond the end, and the folds of the first one if
# nothing else has learnt anything: late is better than a baseline.
GRACE, LATE = 3.0, 7.0
ENSEMBLE_SECONDS = 3.0
# What the defaults may use of the time that is left once each has seen a fold.
SHARE_OF_DEFAULTS = 0.4
# A member is fitted on the training part and on all rows: so many times as long as in a fold.
MEMBER_FITS = 2.8
# How many settings mostly join, and the share of the budget that their last fits may take.
LIKELY, MOST_OF_BUDGET = 6, 0.25


class Budget:
    """Measures an evaluation against its deadline, on the clock of time.monotonic()."""

    def __init__(self, schedule: Schedule, search: Search, deadline: float | None) -> None:
        self.schedule, self.search = schedule, search
        self.deadline, self.began = deadline, time.monotonic()

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; infinite without one."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds to wait for messages at most."""
        left = self.left
        return min(PULSE, left) if left > 0 else PULSE / 4

    def ensemble_seconds(self, joins: bool) -> float:
        """Return the seconds to keep for the ensemble: its last fits, and what explains it."""
        if not joins or self.deadline is None:
            return 0.0
        runs = self.schedule.runs
        likely = [runs[key].trials[number] for key, number in self.schedule.members()[:LIKELY]]
        fits = sum(trial.seconds for trial in likely) * MEMBER_FITS / self.schedule.slots
        most = (self.deadline - self.began) * MOST_OF_BUDGET
        return min(3 * ENSEMBLE_SECONDS * self.schedule.slowness, most) + min(fits, most)

    def progress(self, joins: bool) -> tuple[float, float]:
        """Return the share that is done and the seconds that remain."""
        left, ensemble_seconds = self.left, self.ensemble_seconds(joins)
        ahead = remaining(self.schedule, self.search, left - ensemble_seconds, time.monotonic())
        # At the end of the budget, the last fit of the best model still takes a moment.
        ahead = max(0.0, min(ahead + ensemble_seconds / 2, left + GRACE / 2))
        # More fits are added while there is time: it is the time that tells how far all is.
        spent = time.monotonic() - self.began
        return spent / max(spent + ahead, 1e-9), ahead


@dataclass(frozen=True, slots=True)
class EvaluationLimits:
    """How an evaluation may use the machine."""

    cores: int = 1
    """Fits that run side by side, one thread each."""
    deadline: float | None = None
    """On the clock of time.monotonic(): what is not finished then is skipped."""
    tune: bool = False
    """Try other settings of the best algorithms, until the deadline or until they help nothing."""
    ensemble: bool = False
    """Join the best models, where there are enough of them."""
    memory_mb: float | None = None
    """What the whole job may hold: near to it, the heaviest fit is stopped."""
    is_enough: Callable[[], bool] = lambda: False
    """Asked about once a second: True ends the evaluation with what is finished."""


def late(schedule: Schedule, left: float, now: float) -> list[tuple[str, str]]:
    """Return the algorithms that must be given up for want of time, each with the reason.

    `left` are the seconds of the budget, negative after its end; `now` is on the clock of the
    schedule. The baseline takes no time and always counts. The last fit of the best model may use
    most of the moment after the end; if nothing has been learnt yet, the first model may.
    """
    found: dict[str, str] = {}
    best = next(iter(schedule.by_score()), BASELINE)
    for key, run in schedule.runs.items():
        if run.ended or (key == BASELINE and not run.is_scored):
            continue
        if run.is_scored:
            if left <= 0.0 and not (key == best and _may_be_late(run, left)):
                found[key] = "The time was over before"
            continue
        needed = schedule.seconds_needed(key, now)
        spare = LATE
        if not schedule.is_first(key, given_up=found):
            spare = min(0.0, GRACE - 1 - schedule.reserve())
        if left <= min(0.0, -spare) or (needed is not None and needed > left + spare):
            more = "" if needed is None else f"; it needed about {max(1, needed):.0f} s more"
            found[key] = f"Skipped: out of time{more}."
    return list(found.items())


def _may_be_late(run: AlgorithmRun, left: float) -> bool:
    """Return whether the best model still gets its file (it is useless without), or its plots.

    The schedule keeps time for both; a machine that is busy with something else may take longer.
    """
    return run.steps < 1 or (run.steps < 2 and left > -GRACE)


# Settings for each one that would be enough were nothing better found: some do find it.
_HOPE = 1.2


def remaining(schedule: Schedule, search: Search, left: float, now: float) -> float:
    """Estimate the seconds of all that is to be done; `left` are those of the budget."""
    expected = {key: _expected(schedule, run) for key, run in schedule.runs.items()}
    runs = [(run, expected[key]) for key, run in schedule.runs.items() if not run.ended]
    folds = sum(_folds(run, fold, now) for run, fold in runs) / schedule.slots
    fits = [_last_fit(schedule, run, fold) for run, fold in runs]
    # The last one of them may run alone.
    last = max(sum(fits) / schedule.slots, *fits, 0.0)
    if not search.is_over:
        time = left - folds - max(last, schedule.finals())
        folds += max(0.0, min(time, _search_ahead(search, expected)))
    return folds + last


def _folds(run: AlgorithmRun, fold: float, now: float) -> float:
    """Estimate the seconds of one processor for the folds that an algorithm has been given."""
    running = sum(min(now - b, fold) for trial in run.trials for b in trial.running.values())
    return run.fits_ahead * fold - running


def _last_fit(schedule: Schedule, run: AlgorithmRun, fold: float) -> float:
    """Estimate the seconds of what is left of the last fit and its explanation."""
    fit = 0.0 if run.steps else FINAL_FITS * fold * (0.5 if run.final_started else 1.0)
    return fit + FINAL_SECONDS * schedule.slowness * (3 - run.steps) / 3


def _search_ahead(search: Search, expected: Mapping[str, float]) -> float:
    """Estimate the time until further settings help no more, were there no end of the budget."""
    schedule = search.schedule
    if not schedule.is_scored:
        keys = [key for key, run in schedule.runs.items() if run.algorithm.space and not run.ended]
    elif schedule.is_extra:
        keys = [run.algorithm.key for run in search.open_runs()]
    else:
        keys = search.hopeful()
    if not keys:
        return 0.0
    fold = sum(expected[key] for key in keys) / len(keys)
    return _HOPE * search.ahead * search.fits_of_one * fold / schedule.slots


def _expected(schedule: Schedule, run: AlgorithmRun) -> float:
    """Return the time of a fold: measured, or by its cost beside those that are measured."""
    if run.fold_seconds is not None:
        return run.fold_seconds
    known = [
        (other.fold_seconds, other.algorithm.cost)
        for other in schedule.runs.values()
        if other.fold_seconds is not None
    ]
    cost = sum(cost for _, cost in known)
    unit = sum(seconds or 0.0 for seconds, _ in known) / cost if cost else 1.0
    return run.algorithm.cost * unit
