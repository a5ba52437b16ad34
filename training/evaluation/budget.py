"""The time of a contest: what is left of its budget, what is kept for the end, what is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.evaluation import candidates
from training.evaluation.runs import FINAL_FITS, FINAL_SECONDS, Lane
from training.evaluation.schedule import Race
from training.evaluation.search import (
    MOST_ROUNDS,
    SHARE,
    STALE_ROUNDS,
    TUNED_LANES,
    Search,
    fits_ahead,
)

PULSE = 1.0
# What the file of the best model may take beyond the end.
GRACE = 3.0
BLEND_SECONDS = 3.0


class Clock:
    """Measures a contest against its deadline, on the clock of time.monotonic()."""

    def __init__(self, race: Race, search: Search, deadline: float | None) -> None:
        self.race, self.search = race, search
        self.deadline, self.began = deadline, time.monotonic()

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; infinite without one."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds to wait for news at most."""
        left = self.left
        return min(PULSE, left) if left > 0 else PULSE / 4

    def blending(self, will_blend: bool) -> float:
        """Return the seconds to keep for the ensemble."""
        return 2 * BLEND_SECONDS * self.race.slowness if will_blend else 0.0

    def progress(self, will_blend: bool) -> tuple[float, float]:
        """Return the share that is done and the seconds that remain."""
        left, blending = self.left, self.blending(will_blend)
        ahead = remaining(self.race, self.search, left - blending, time.monotonic())
        # At the end of the budget, the last fit of the best model still takes a moment.
        ahead = max(0.0, min(ahead + blending / 2, left + GRACE / 2))
        if not self.search.goes_on:
            return self.race.done(), ahead
        # More fits are added while there is time: it is the time that tells how far all is.
        spent = time.monotonic() - self.began
        return spent / (spent + ahead), ahead


@dataclass(frozen=True, slots=True)
class Settings:
    """How an evaluation may use the machine."""

    cores: int = 1
    """Fits that run side by side, one thread each."""
    deadline: float | None = None
    """On the clock of time.monotonic(): what is not finished then is skipped."""
    tune: bool = False
    """Try other settings of the best algorithms, where the time allows it."""
    goes_on: bool = False
    """Try still more of them while the deadline leaves time."""
    ensemble: bool = False
    """Join the best models, where there are enough of them."""
    memory_mb: float | None = None
    """What the whole job may hold: near to it, the heaviest fit is stopped."""
    is_enough: Callable[[], bool] = lambda: False
    """Asked about once a second: True ends the contest with what is finished."""


# Rounds for each one that would be enough were nothing better found: some do find it.
_HOPE = 1.5


def remaining(race: Race, search: Search, left: float, now: float) -> float:
    """Estimate the seconds of all that is to be done; `left` are those of the budget."""
    expected = {key: _expected(race, lane) for key, lane in race.lanes.items()}
    lanes = [(lane, expected[key]) for key, lane in race.lanes.items() if not lane.ended]
    folds = sum(_folds(lane, fold, now) for lane, fold in lanes) / race.slots
    fits = [_last_fit(race, lane, fold) for lane, fold in lanes]
    # The last one of them may run alone.
    last = max(sum(fits) / race.slots, *fits, 0.0)
    if search.is_due:
        folds += _planned_search(race, expected, left - folds - last)
    if search.goes_on:
        time = left - folds - max(last, race.finals())
        folds += max(0.0, min(time, _further_search(search, expected)))
    return folds + last


def _folds(lane: Lane, fold: float, now: float) -> float:
    """Estimate the seconds of one processor for the folds that an algorithm has been given."""
    running = sum(min(now - b, fold) for trial in lane.trials for b in trial.running.values())
    return fits_ahead(lane) * fold - running


def _last_fit(race: Race, lane: Lane, fold: float) -> float:
    """Estimate the seconds of what is left of the last fit and its explanation."""
    fit = 0.0 if lane.steps else FINAL_FITS * fold * (0.5 if lane.final_started else 1.0)
    return fit + FINAL_SECONDS * race.slowness * (3 - lane.steps) / 3


def _planned_search(race: Race, expected: Mapping[str, float], left: float) -> float:
    """Estimate the time of a search whose algorithms are not known before all are scored."""
    times = [
        expected[key]
        for key, lane in race.lanes.items()
        if candidates.space_of(lane.algorithm, race.problem) and not lane.ended
    ]
    if not times:
        return 0.0
    lanes, mean = min(TUNED_LANES, len(times)), sum(times) / len(times)
    seconds = max(0.0, left * SHARE / lanes)
    size = next(candidates.affordable(seconds, mean, race.folds, race.slots), 0)
    # About half of those that may go on are not better than the default and do not.
    fits = size * candidates.first_folds(race.folds) + candidates.survivors(size) if size else 0
    return lanes * fits * mean / race.slots


def _further_search(search: Search, expected: Mapping[str, float]) -> float:
    """Estimate the time of the rounds that follow, were there no end of the budget."""
    race = search.race
    if race.is_extra:
        lanes = [(lane.algorithm.key, search.rounds_ahead(lane)) for lane in search.open_lanes()]
    elif race.is_scored:
        lanes = [(key, (STALE_ROUNDS, MOST_ROUNDS)) for key in search.hopeful()]
    else:
        return 0.0
    rounds = sum(expected[key] * min(most, _HOPE * max(0, fewest)) for key, (fewest, most) in lanes)
    return rounds * candidates.fits_of(candidates.SIZES[0], race.folds) / race.slots


def _expected(race: Race, lane: Lane) -> float:
    """Return the time of a fold: measured, or by its cost beside those that are measured."""
    if lane.fold_seconds is not None:
        return lane.fold_seconds
    known = [
        (other.fold_seconds, other.algorithm.cost)
        for other in race.lanes.values()
        if other.fold_seconds is not None
    ]
    cost = sum(cost for _, cost in known)
    unit = sum(seconds or 0.0 for seconds, _ in known) / cost if cost else 1.0
    return lane.algorithm.cost * unit
