"""How far each algorithm is: pure book-keeping, no processes and no clock of its own."""

from __future__ import annotations

from training.algorithms.catalogue import Algorithm
from training.evaluation.fit import FoldResult
from training.evaluation.runs import FINAL, FINAL_FITS, Lane, Piece, Trial
from training.metrics import primary

BASELINE = "baseline"
_MOST_MEMBERS = _EXPLAINED = 5
# How much longer than expected a last fit may be.
_GENEROUS = 2.0
_OF_LATE = 0.2
# Seconds of the check on the rows that were kept apart, and of the file.
_CHECK = 0.5


class Race:
    """All algorithms of a job: their defaults, the best of them tuned, then the last fits."""

    def __init__(self, algorithms: list[Algorithm], folds: int, slots: int, problem: str) -> None:
        self.lanes = {entry.key: Lane(entry, folds) for entry in algorithms}
        self.folds, self.slots, self.problem = folds, slots, problem
        self.metric = primary(problem)
        self.slowness = 1.0
        self.is_extra = False
        """True once all settings that were planned are through: what else is tried comes last."""

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
        order = (self._next_final, self._next_trial)
        first, second = order if self.is_extra else reversed(order)
        return first() or second()

    def _next_trial(self) -> Piece | None:
        # In turn: an algorithm with fewer rounds behind it goes first.
        for key, lane in sorted(self.lanes.items(), key=lambda item: item[1].round):
            for number, trial in enumerate(lane.trials):
                if trial.waiting and not trial.dropped and not lane.ended:
                    return Piece(key, trial.waiting[0], number)
        return None

    def _next_final(self) -> Piece | None:
        for key in self.by_score():
            lane = self.lanes[key]
            if not (lane.final_started or lane.ended or lane.is_tuning or lane.searching):
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
        return sorted(scored, key=lambda key: -self.mean(self.lanes[key].best))

    def members(self) -> list[str] | None:
        """Return the best models that have their files; None while one of them still may."""
        order = [key for key in self.by_score() if key != BASELINE][:_MOST_MEMBERS]
        lanes = [self.lanes[key] for key in order]
        if not self.is_scored or any(not (lane.steps or lane.ended) for lane in lanes):
            return None
        return [lane.algorithm.key for lane in lanes if lane.steps]

    def mean(self, trial: Trial, folds: int | None = None) -> float:
        """Return the score over the first folds, turned so that more is better."""
        numbers = range(self.folds if folds is None else folds)
        scores = [trial.results[fold].scores[self.metric.key] for fold in numbers]
        return sum(scores) / len(scores) * self.metric.sign

    def fold_scores(self, trial: Trial) -> list[float]:
        """Return the score of each fold of settings that are through."""
        return [trial.results[fold].scores[self.metric.key] for fold in range(self.folds)]

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
        learners = [lane for k, lane in self.lanes.items() if k != BASELINE]
        if any(lane.is_scored for lane in learners):
            return False
        return next((lane for lane in learners if not lane.ended), None) is self.lanes[key]

    def finals(self) -> float:
        """Return the time that the last fits of the best models may take, generously."""
        best = [self.lanes[key] for key in self.by_score()[:_EXPLAINED]]
        lanes = [lane for lane in best if not lane.ended]
        return _GENEROUS * sum(lane.final_seconds(self.slowness) for lane in lanes) / self.slots

    def reserve(self) -> float:
        """Return the time that the last fit of the best model so far may take with its check.

        Its plots have the moment after the end.
        """
        lanes = [self.lanes[key] for key in self.by_score()]
        if not lanes:
            return 0.0
        return _GENEROUS * FINAL_FITS * (lanes[0].fold_seconds or 0.0) + _CHECK * self.slowness

    def done(self) -> float:
        """Return the share of the work that is finished, by number of fits."""
        total = finished = 0
        for lane in self.lanes.values():
            trials = [trial for trial in lane.trials if not trial.dropped]
            total += lane.folds * len(trials) + 3
            through = sum(len(trial.results) for trial in trials) + lane.steps
            finished += lane.folds * len(trials) + 3 if lane.ended else through
        return finished / total
