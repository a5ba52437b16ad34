"""The contest of the algorithms: folds, tuning, hold-out, ensemble, budget. Yields events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from training.algorithms import model_file
from training.algorithms.catalogue import ENSEMBLE, Algorithm
from training.evaluation.budget import BLEND_SECONDS, GRACE, PULSE, Clock, Settings
from training.evaluation.ensemble import Blend, blend
from training.evaluation.events import (
    Event,
    Explained,
    FoldFinished,
    FoldStarted,
    Pulse,
    RowAdded,
    Searched,
)
from training.evaluation.final_fit import finish
from training.evaluation.fit import FoldResult, fit_fold
from training.evaluation.leaderboard_rows import blend_row, out_of_fold, row_of
from training.evaluation.process_pool import News, Pool, too_heavy
from training.evaluation.runs import FINAL, Lane, Piece
from training.evaluation.schedule import BASELINE, Race
from training.evaluation.search import Search
from training.metrics import primary
from training.modelling.experiment import Contest
from training.results.leaderboard import FAILED, SKIPPED, Row

_BLEND = Piece(ENSEMBLE.key, FINAL)
_FEWEST_MEMBERS = 3


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
        self.race = Race(algorithms, len(contest.folds), pool.slots, contest.problem)
        self.search = Search(
            self.race, contest.seed, contest.is_imbalanced,
            settings.tune and settings.goes_on and settings.deadline is not None,
        )  # fmt: skip
        self.search.is_due = settings.tune
        self.metric = primary(contest.problem)
        self.will_blend = settings.ensemble
        self.clock = Clock(self.race, self.search, settings.deadline)
        self.is_told = False
        self.enough = False
        self.weighed = 0.0

    def events(self) -> Iterator[Event]:
        while True:
            yield from self._give_up_late()
            yield from self._relieve()
            yield from self._start()
            if not self.pool.running:
                return
            for news in self.pool.news(self.clock.patience):
                yield from self._take(news)
            if not self.enough and self.settings.is_enough():
                yield from self._wind_up()
            done, remaining = self.clock.progress(self.will_blend)
            yield Pulse(done, remaining, tuple(sorted(self.pool.running, key=str)))

    # --- what is ended early ---

    def _wind_up(self) -> Iterator[Event]:
        """End with what is finished: the best model is still fitted, saved and explained."""
        self.enough = True
        self.will_blend = False
        yield from self._end_search()
        best = next(iter(self.race.by_score()), BASELINE)
        for key, lane in self.race.lanes.items():
            if key == best or lane.ended:
                continue
            if lane.is_scored:
                yield from self._unexplained(key, "Stopped by you before")
            else:
                yield from self._skipped(key, "Skipped: stopped by you.")

    def _give_up_late(self) -> Iterator[Event]:
        """Skip what cannot be finished in time. The baseline takes no time and always counts."""
        left, now = self.clock.left, time.monotonic()
        if left == float("inf"):
            return
        kept = self.race.finals() + self.clock.blending(self.will_blend)
        if self.race.is_scored and left <= kept:
            yield from self._end_search()
        best = next(iter(self.race.by_score()), BASELINE)
        for key, lane in self.race.lanes.items():
            if lane.ended or (key == BASELINE and not lane.is_scored):
                continue
            if lane.is_scored:
                if left <= 0.0 and not (key == best and self._may_be_late(lane)):
                    yield from self._unexplained(key, "The time was over before")
                continue
            needed = self.race.seconds_needed(key, now)
            # The last fit of the best model may use most of the moment after the end; where nothing
            # has been learnt yet, the first model may.
            spare = GRACE - 1
            if not self.race.is_first(key):
                spare = min(0.0, spare - self.race.reserve())
            if left <= min(0.0, -spare) or (needed is not None and needed > left + spare):
                more = "" if needed is None else f"; it needed about {max(1, needed):.0f} s more"
                yield from self._skipped(key, f"Skipped: out of time{more}.")
        if left <= 0:
            self._kill([_BLEND])

    def _may_be_late(self, lane: Lane) -> bool:
        """Whether the best model still gets its file, without which it is of no use, or its plots.

        The race keeps time for both; a machine that is busy with something else may take longer.
        """
        return lane.steps < 1 or (lane.steps < 2 and self.clock.left > -GRACE)

    def _relieve(self) -> Iterator[Event]:
        """Stop the heaviest fit before the memory of the whole job is used up."""
        limit = self.settings.memory_mb
        if limit is None or time.monotonic() - self.weighed < PULSE:
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
        if lane.steps < 3 and not (key == BASELINE and lane.steps == 2):
            yield Explained(key, {"note": f"{cause} {lane.unexplained} could be made."})

    def _end(self, key: str) -> Lane:
        self._kill([piece for piece in self.pool.running if piece.key == key])
        lane = self.race.lanes[key]
        lane.ended = True
        return lane

    def _kill(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if piece in self.pool.running:
                self.pool.kill(piece)

    def _end_search(self) -> Iterator[Event]:
        """End the search with the settings that are through all folds."""
        self._kill(self.search.end())
        for key in self.race.by_score():
            yield from self._chosen(key)

    # --- what is started ---

    def _start(self) -> Iterator[Event]:
        while not self.pool.is_full:
            yield from self._look_further()
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

    def _look_further(self) -> Iterator[Event]:
        """Give out settings to try; tell of those that the time left was used for at their end."""
        if not self.race.is_scored:
            return
        left = self.clock.left - self.clock.blending(self.will_blend)
        if self.search.is_due:
            self.search.plan(left)
        self.search.go_on(left)
        if self.race.is_extra and not self.search.open_lanes() and not self.is_told:
            self.is_told = True
            yield Searched(self.search.extra(), self.search.is_stale)

    def _start_blend(self) -> bool:
        """Join the best models as soon as they have their files; True where that has begun."""
        members = self.race.members()
        if not self.will_blend or self.search.is_due or members is None:
            return False
        self.will_blend = False
        if len(members) < _FEWEST_MEMBERS or self.clock.left < BLEND_SECONDS:
            return False
        lanes = self.race.lanes
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
            self.search.halve(key)
            if not lane.is_tuning:
                yield from self._chosen(key)
            return
        assert piece.fold is not None
        yield FoldFinished(key, piece.fold, result.scores[self.metric.key], result.seconds)
        if lane.is_scored:
            yield RowAdded(row_of(lane, self.contest))

    def _chosen(self, key: str) -> Iterator[Event]:
        if self.search.choose(key):
            yield RowAdded(row_of(self.race.lanes[key], self.contest))

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
            self._kill([Piece(key, fold, piece.trial) for fold in trial.running])
            trial.drop()
            self.search.halve(key)
            if not lane.is_tuning:
                yield from self._chosen(key)
            return
        self._end(key)
        if lane.is_scored:
            yield Explained(key, {"note": f"Without {lane.unexplained}. {reason}"})
        else:
            yield RowAdded(Row(key, lane.algorithm.label, FAILED, error=reason))
