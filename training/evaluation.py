"""The contest of the algorithms: folds, tuning, hold-out, ensemble, budget. Yields events."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from training import model_file
from training.catalogue import ENSEMBLE, Algorithm
from training.ensemble import Blend, blend
from training.events import Event, Explained, FoldFinished, FoldStarted, Pulse, RowAdded
from training.fits import Contest, FoldResult, finish, fit_fold
from training.lanes import FINAL, Lane, Piece
from training.limits import Settings as Settings
from training.metrics import primary
from training.outcomes import blend_row, out_of_fold, row_of
from training.pool import News, Pool
from training.race import Race
from training.ranking import Row
from training.ranks import FAILED, SKIPPED
from training.tuning import is_imbalanced
from training.weight import too_heavy

_PULSE = 1.0
_ALWAYS = "baseline"
_BLEND = Piece(ENSEMBLE.key, FINAL)
_FEWEST_MEMBERS, _MOST_MEMBERS = 3, 5
_BLEND_SECONDS = 3.0
# What the file of the best model may take beyond the end.
_GRACE = 3.0


def evaluate(
    contest: Contest,
    algorithms: Sequence[Algorithm],
    settings: Settings,
    pool: Pool,
    scratch: Path,
    out: Path,
) -> Iterator[Event]:
    """Cross-validate every algorithm on the same folds, then fit, explain and save it.

    `scratch` takes the data for the processes of the pool, `out` models and plots.
    """
    out.mkdir(parents=True, exist_ok=True)
    store = scratch / "contest.joblib"
    contest.save(store)
    run = _Run(contest, list(algorithms), settings, pool, store, out)
    try:
        yield from run.events()
    finally:
        pool.close()
        model_file.settle(out)
        store.unlink(missing_ok=True)


class _Run:
    def __init__(
        self,
        contest: Contest,
        algorithms: list[Algorithm],
        settings: Settings,
        pool: Pool,
        store: Path,
        out: Path,
    ) -> None:
        self.contest, self.settings, self.pool = contest, settings, pool
        self.store, self.out = store, out
        counts = np.bincount(contest.truth[contest.train]) if contest.classes else np.array([])
        shares = counts / max(1, counts.sum())
        self.race = Race(
            algorithms, len(contest.folds), pool.slots, contest.problem, contest.seed,
            is_imbalanced(list(shares)),
        )  # fmt: skip
        self.metric = primary(contest.problem)
        self.will_tune = settings.tune
        self.will_blend = settings.ensemble
        self.enough = False
        self.weighed = 0.0

    def events(self) -> Iterator[Event]:
        while True:
            yield from self._give_up_late()
            yield from self._relieve()
            yield from self._start()
            if not self.pool.running:
                return
            for news in self.pool.news(self._patience()):
                yield from self._take(news)
            if not self.enough and self.settings.is_enough():
                yield from self._wind_up()
            yield Pulse(
                self.race.done(), self._remaining(), tuple(sorted(self.pool.running, key=str))
            )

    # --- time ---

    def _time_left(self) -> float:
        deadline = self.settings.deadline
        return float("inf") if deadline is None else deadline - time.monotonic()

    def _patience(self) -> float:
        left = self._time_left()
        return min(_PULSE, left) if left > 0 else _PULSE / 4

    def _remaining(self) -> float:
        left = self._time_left()
        ahead = self.race.remaining(self.will_tune, left, time.monotonic())
        # At the end of the budget, the last fit of the best model still takes a moment.
        return max(0.0, min(ahead + self._blending() / 2, left + _GRACE / 2))

    def _blending(self) -> float:
        """Return the time to keep for the ensemble."""
        return 2 * _BLEND_SECONDS * self.race.slowness if self.will_blend else 0.0

    def _wind_up(self) -> Iterator[Event]:
        """End with what is finished: the best model is still fitted, saved and explained."""
        self.enough = True
        self.will_tune = self.will_blend = False
        self._end_tuning()
        best = next(iter(self.race.by_score()), _ALWAYS)
        for key, lane in self.race.lanes.items():
            if key == best or lane.ended:
                continue
            if lane.is_scored:
                yield from self._unexplained(key, "Stopped by you before")
            else:
                yield from self._skipped(key, "Skipped: stopped by you.")

    def _give_up_late(self) -> Iterator[Event]:
        """Skip what cannot be finished in time. The baseline takes no time and always counts."""
        left, now = self._time_left(), time.monotonic()
        if left == float("inf"):
            return
        if self.race.is_scored and left <= self.race.finals() + self._blending():
            self._end_tuning()
        best = next(iter(self.race.by_score()), _ALWAYS)
        for key, lane in self.race.lanes.items():
            if lane.ended or (key == _ALWAYS and not lane.is_scored):
                continue
            if lane.is_scored:
                spare = _GRACE if key == best and not lane.steps else 0.0
                if left <= -spare:
                    yield from self._unexplained(key, "The time was over before")
                continue
            needed = self.race.seconds_needed(key, now)
            # Where nothing has been learnt yet, the first model may use what the last fits leave.
            spare = _GRACE - 1 if self.race.is_first(key) else -self.race.reserve()
            if left <= min(0.0, -spare) or (needed is not None and needed > left + spare):
                more = "" if needed is None else f"; it needed about {max(1, needed):.0f} s more"
                yield from self._skipped(key, f"Skipped: out of time{more}.")
        if left <= 0 and _BLEND in self.pool.running:
            self.pool.kill(_BLEND)

    def _relieve(self) -> Iterator[Event]:
        """Stop the heaviest fit before the memory of the whole job is used up."""
        limit = self.settings.memory_mb
        if limit is None or time.monotonic() - self.weighed < _PULSE:
            return
        self.weighed = time.monotonic()
        if found := too_heavy(self.pool, limit):
            piece, reason = found
            self.pool.kill(piece)
            if piece != _BLEND:
                yield from self._failed(piece, reason)

    def _skipped(self, key: str, reason: str) -> Iterator[Event]:
        lane = self._end(key)
        yield RowAdded(Row(key, lane.algorithm.label, SKIPPED, error=reason))

    def _unexplained(self, key: str, cause: str) -> Iterator[Event]:
        lane = self._end(key)
        if lane.steps < 3 and not (key == _ALWAYS and lane.steps == 2):
            yield Explained(key, {"note": f"{cause} {lane.unexplained} could be made."})

    def _end(self, key: str) -> Lane:
        for tag in self.pool.running:
            if tag.key == key:
                self.pool.kill(tag)
        lane = self.race.lanes[key]
        lane.ended = True
        return lane

    def _end_tuning(self) -> None:
        for piece in list(self.race.end_tuning()):
            if piece in self.pool.running:
                self.pool.kill(piece)

    # --- what is started ---

    def _start(self) -> Iterator[Event]:
        while not self.pool.is_full:
            if self.will_tune and self.race.is_scored:
                self.will_tune = False
                self.race.plan_tuning(self._time_left() - self._blending())
            if self._start_blend():
                continue
            piece = self.race.next_piece()
            if piece is None:
                return
            lane = self.race.lanes[piece.key]
            self.race.started(piece, time.monotonic())
            settings = lane.trials[piece.trial].settings
            if piece.fold is FINAL:
                answers = out_of_fold(lane, self.contest)
                best = self.race.by_score()[0] == piece.key
                self.pool.start(
                    piece, finish, self.store, piece.key, settings, self.out, answers, best
                )
            else:
                self.pool.start(piece, fit_fold, self.store, piece.key, piece.fold, settings)
                if not piece.trial:
                    yield FoldStarted(piece.key, piece.fold)

    def _start_blend(self) -> bool:
        """Join the best models as soon as they have their files; True where that has begun."""
        lanes = self.race.lanes
        order = [key for key in self.race.by_score() if key != _ALWAYS][:_MOST_MEMBERS]
        waiting = any(not (lanes[key].steps or lanes[key].ended) for key in order)
        if not self.will_blend or self.will_tune or waiting or not self.race.is_scored:
            return False
        self.will_blend = False
        members = [key for key in order if lanes[key].steps]
        if len(members) < _FEWEST_MEMBERS or self._time_left() < _BLEND_SECONDS:
            return False
        seconds = sum(lanes[key].fold_seconds or 0.0 for key in members)
        answers = {key: out_of_fold(lanes[key], self.contest) for key in members}
        settings = {key: lanes[key].best.settings for key in members}
        self.pool.start(_BLEND, blend, self.store, answers, settings, seconds, self.out)
        return True

    # --- what comes back ---

    def _take(self, news: News) -> Iterator[Event]:
        piece: Piece = news.tag
        if piece == _BLEND:
            yield from self._take_blend(news)
            return
        key, lane = piece.key, self.race.lanes[piece.key]
        if news.error:
            yield from self._failed(piece, news.error)
        elif isinstance(news.value, FoldResult):
            self.race.finished(piece, news.value, time.monotonic())
            yield from self._scored(piece, news.value)
        elif piece.fold is FINAL and news.ended:
            lane.ended = True
        elif news.value is not None:
            lane.steps = min(3, lane.steps + 1)
            yield Explained(key, news.value)

    def _scored(self, piece: Piece, result: FoldResult) -> Iterator[Event]:
        key, lane = piece.key, self.race.lanes[piece.key]
        if piece.trial:
            self.race.halve(key)
            if not lane.is_tuning and self.race.choose(key):
                yield RowAdded(row_of(lane, self.contest))
            return
        assert piece.fold is not None
        yield FoldFinished(key, piece.fold, result.scores[self.metric.key], result.seconds)
        if lane.is_scored:
            yield RowAdded(row_of(lane, self.contest))

    def _take_blend(self, news: News) -> Iterator[Event]:
        if isinstance(news.value, Blend) and news.value.folds:
            yield RowAdded(blend_row(news.value, self.race))
        elif isinstance(news.value, dict):
            yield Explained(ENSEMBLE.key, news.value)
        elif news.error:
            yield RowAdded(Row(ENSEMBLE.key, ENSEMBLE.label, FAILED, error=news.error))

    def _failed(self, piece: Piece, reason: str) -> Iterator[Event]:
        key, lane = piece.key, self.race.lanes[piece.key]
        if lane.ended:
            return
        if piece.trial and piece.fold is not FINAL:
            trial = lane.trials[piece.trial]
            trial.dropped, trial.waiting = True, []
            self.race.halve(key)
            return
        self._end(key)
        if lane.is_scored:
            yield Explained(key, {"note": f"Without {lane.unexplained}. {reason}"})
        else:
            yield RowAdded(Row(key, lane.algorithm.label, FAILED, error=reason))
