"""How far each algorithm is: pure book-keeping, no processes and no clock of its own."""

from __future__ import annotations

from collections.abc import Iterator

from training import tuning
from training.catalogue import Algorithm
from training.fits import FoldResult
from training.lanes import FINAL, FINAL_FITS, FINAL_SECONDS, Lane, Piece, Trial
from training.metrics import primary

_TUNED_LANES, _EXPLAINED = 3, 5
# What tuning may use of the time that is left, and how much longer than expected a last fit may be.
_TUNING_SHARE, _GENEROUS = 0.7, 2.0
_OF_LATE = 0.2


class Race:
    """All algorithms of a job: their defaults, the best of them tuned, then the last fits."""

    def __init__(
        self,
        algorithms: list[Algorithm],
        folds: int,
        slots: int,
        problem: str,
        seed: int = 0,
        imbalanced: bool = False,
    ) -> None:
        self.lanes = {entry.key: Lane(entry, folds) for entry in algorithms}
        self.slots, self.problem, self.seed, self.imbalanced = slots, problem, seed, imbalanced
        self.metric = primary(problem)
        self.folds = folds
        self.slowness = 1.0

    # --- what to do next ---

    @property
    def is_scored(self) -> bool:
        """True once every algorithm is through its folds or out of the race."""
        return all(lane.is_scored or lane.ended for lane in self.lanes.values())

    def next_piece(self) -> Piece | None:
        """Return the fit to start now: a fold of a default, of a trial, or a last fit."""
        for key, lane in self.lanes.items():
            if lane.trials[0].waiting and not lane.ended:
                return Piece(key, lane.trials[0].waiting[0])
        if not self.is_scored:
            return None
        for key, lane in self.lanes.items():
            for number, trial in enumerate(lane.trials):
                if trial.waiting and not trial.dropped and not lane.ended:
                    return Piece(key, trial.waiting[0], number)
        for key in self.by_score():
            lane = self.lanes[key]
            if not (lane.final_started or lane.ended or lane.is_tuning):
                return Piece(key, FINAL, lane.chosen)
        return None

    def started(self, piece: Piece, now: float) -> None:
        """Note that a fit has begun."""
        lane = self.lanes[piece.key]
        if piece.fold is FINAL:
            lane.final_started = True
        else:
            lane.trials[piece.trial].waiting.remove(piece.fold)
            lane.trials[piece.trial].running[piece.fold] = now

    def finished(self, piece: Piece, result: FoldResult, now: float) -> None:
        """Note the outcome of a fold."""
        assert piece.fold is not None
        lane = self.lanes[piece.key]
        trial = lane.trials[piece.trial]
        lane.taken.append(now - trial.running.pop(piece.fold))
        trial.results[piece.fold] = result
        # Of late counts most: others on the machine come and go.
        self.slowness += (result.slowness - self.slowness) * _OF_LATE

    def by_score(self) -> list[str]:
        """Return the algorithms that are through their folds, best first."""
        scored = [key for key, lane in self.lanes.items() if lane.is_scored]
        return sorted(scored, key=lambda key: -self._mean(self.lanes[key].best))

    def _mean(self, trial: Trial, folds: int | None = None) -> float:
        """Return the score over the first folds, turned so that more is better."""
        numbers = range(self.folds if folds is None else folds)
        scores = [trial.results[fold].scores[self.metric.key] for fold in numbers]
        return sum(scores) / len(scores) * (1 if self.metric.greater_is_better else -1)

    # --- tuning ---

    def plan_tuning(self, left: float) -> None:
        """Give the best algorithms settings to try, as many as the time that is left allows."""
        seconds = (left - self.finals()) * _TUNING_SHARE
        learners = [
            key
            for key in self.by_score()
            if tuning.space_of(self.lanes[key].algorithm, self.problem)
        ]
        for key in learners[:_TUNED_LANES]:
            lane = self.lanes[key]
            fold = lane.fold_seconds or 0.0
            size = next(tuning.affordable(seconds, fold, self.folds, self.slots), 0)
            seconds -= tuning.fits_of(size, self.folds) * fold / self.slots if size else 0.0
            first = list(range(tuning.first_folds(self.folds)))
            lane.trials += [
                Trial(settings, list(first))
                for settings in tuning.candidates(
                    lane.algorithm, self.problem, size, self.seed, self.imbalanced
                )[:size]
            ]

    def halve(self, key: str) -> None:
        """Let only the best settings go on, once all have seen the first folds."""
        lane, first = self.lanes[key], tuning.first_folds(self.folds)
        alive = [trial for trial in lane.trials[1:] if not trial.dropped]
        if any(len(trial.results) < first for trial in alive):
            return
        if all(len(trial.results) == first and not trial.waiting for trial in alive):
            bar = self._mean(lane.trials[0], first)
            order = sorted(alive, key=lambda trial: -self._mean(trial, first))
            going_on = order[: tuning.survivors(len(lane.trials) - 1)]
            for trial in alive:
                trial.dropped = trial not in going_on or self._mean(trial, first) <= bar
                trial.waiting = [] if trial.dropped else list(range(first, self.folds))

    def choose(self, key: str) -> bool:
        """Take the best settings that are through all folds; True where they are new."""
        lane, before = self.lanes[key], self.lanes[key].chosen
        through = [n for n, trial in enumerate(lane.trials) if len(trial.results) == self.folds]
        lane.chosen = max(through, key=lambda n: self._mean(lane.trials[n]))
        return lane.chosen != before

    def end_tuning(self) -> Iterator[Piece]:
        """Drop all settings that are not through; yield the fits that are in vain now."""
        for key, lane in self.lanes.items():
            for number, trial in enumerate(lane.trials[1:], start=1):
                if len(trial.results) < self.folds and not trial.dropped:
                    trial.dropped, trial.waiting = True, []
                    yield from (Piece(key, fold, number) for fold in trial.running)

    # --- time ---

    def seconds_needed(self, key: str, now: float) -> float | None:
        """Return what an algorithm needs to be scored, also by a fit that runs longer than it."""
        lane = self.lanes[key]
        trial = lane.trials[0]
        running = max((now - began for began in trial.running.values()), default=0.0)
        if lane.fold_seconds is None and not running:
            return None
        fold = max(lane.fold_seconds or 0.0, running)
        spent = sum(now - began for began in trial.running.values())
        left = (self.folds - len(trial.results)) * fold - spent
        return max(left / self.slots, fold - running if trial.running else fold)

    def is_first(self, key: str) -> bool:
        """True for the algorithm that is next to be scored while none but the baseline is."""
        learners = [lane for k, lane in self.lanes.items() if k != "baseline"]
        if any(lane.is_scored for lane in learners):
            return False
        return next((lane for lane in learners if not lane.ended), None) is self.lanes[key]

    def finals(self) -> float:
        """Return the time that the last fits of the best models may take, generously."""
        lanes = [self.lanes[key] for key in self.by_score()[:_EXPLAINED]]
        return _GENEROUS * sum(lane.final_seconds(self.slowness) for lane in lanes) / self.slots

    def reserve(self) -> float:
        """Return the time that the last fit of the best model so far may take, generously."""
        lanes = [self.lanes[key] for key in self.by_score()]
        return _GENEROUS * lanes[0].final_seconds() if lanes else 0.0

    def remaining(self, will_tune: bool, left: float, now: float) -> float:
        """Estimate the seconds of all that is to be done, from the times of finished folds."""
        expected = {key: self._expected(lane) for key, lane in self.lanes.items()}
        total = 0.0
        for key, lane in self.lanes.items():
            if lane.ended:
                continue
            for trial in lane.trials:
                total += (len(trial.waiting) + len(trial.running)) * expected[key]
                total -= sum(min(now - b, expected[key]) for b in trial.running.values())
            total += self._survivors_ahead(lane) * expected[key]
            if lane.steps == 0:
                total += FINAL_FITS * expected[key] * (0.5 if lane.final_started else 1.0)
            total += FINAL_SECONDS * self.slowness * (3 - lane.steps) / 3
        total /= self.slots
        if will_tune and not any(len(lane.trials) > 1 for lane in self.lanes.values()):
            total += self._tuning_ahead(expected, left - total)
        return total

    def _survivors_ahead(self, lane: Lane) -> float:
        """Estimate the fits of a search after its first folds, while those still go on."""
        first = tuning.first_folds(self.folds)
        if not any(t.waiting or t.running for t in lane.trials[1:] if len(t.results) < first):
            return 0.0
        return tuning.survivors(len(lane.trials) - 1) * (self.folds - first) / 2

    def _tuning_ahead(self, expected: dict[str, float], left: float) -> float:
        """Estimate the time of a search whose algorithms are not known before all are scored."""
        times = [
            expected[key]
            for key, lane in self.lanes.items()
            if tuning.space_of(lane.algorithm, self.problem) and not lane.ended
        ]
        lanes = min(_TUNED_LANES, len(times))
        if not lanes:
            return 0.0
        mean = sum(times) / len(times)
        seconds = max(0.0, left * _TUNING_SHARE / lanes)
        size = next(tuning.affordable(seconds, mean, self.folds, self.slots), 0)
        # About half of those that may go on are not better than the default and do not.
        fits = size * tuning.first_folds(self.folds) + tuning.survivors(size) if size else 0
        return lanes * fits * mean / self.slots

    def _expected(self, lane: Lane) -> float:
        """Return the time of a fold: measured, or by its cost beside those that are measured."""
        if lane.fold_seconds is not None:
            return lane.fold_seconds
        known = [
            (other.fold_seconds, other.algorithm.cost)
            for other in self.lanes.values()
            if other.fold_seconds is not None
        ]
        cost = sum(cost for _, cost in known)
        unit = sum(seconds or 0.0 for seconds, _ in known) / cost if cost else 1.0
        return lane.algorithm.cost * unit

    def done(self) -> float:
        """Return the share of the work that is finished, by number of fits."""
        total = finished = 0
        for lane in self.lanes.values():
            trials = [trial for trial in lane.trials if not trial.dropped]
            total += lane.folds * len(trials) + 3
            through = sum(len(trial.results) for trial in trials) + lane.steps
            finished += lane.folds * len(trials) + 3 if lane.ended else through
        return finished / total
