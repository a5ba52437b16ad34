"""The contest of the algorithms: folds, hold-out, budget. Yields events as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.catalogue import Algorithm
from training.events import Event, Explained, FoldFinished, FoldStarted, Pulse, RowAdded
from training.fits import Contest, FoldResult, finish, fit_fold
from training.metrics import primary
from training.pool import News, Pool
from training.race import FINAL, Race
from training.ranking import Row, finished_row
from training.ranks import FAILED, SKIPPED

_PULSE = 1.0
_ALWAYS = "baseline"


@dataclass(frozen=True, slots=True)
class Settings:
    """How an evaluation may use the machine."""

    cores: int = 1
    """Fits that run side by side, one thread each."""
    deadline: float | None = None
    """On the clock of time.monotonic(): what is not finished then is skipped."""


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
        self.race = Race(algorithms, len(contest.folds), pool.slots)
        self.metric = primary(contest.problem)

    def events(self) -> Iterator[Event]:
        while True:
            yield from self._give_up_late()
            yield from self._start()
            if not self.pool.running:
                return
            for news in self.pool.news(self._patience()):
                yield from self._take(news)
            yield Pulse(
                self.race.done(), self._remaining(), tuple(sorted(self.pool.running, key=str))
            )

    def _time_left(self) -> float:
        deadline = self.settings.deadline
        return float("inf") if deadline is None else deadline - time.monotonic()

    def _patience(self) -> float:
        return max(0.0, min(_PULSE, self._time_left()))

    def _remaining(self) -> float:
        return max(0.0, min(self.race.remaining(), self._time_left()))

    def _start(self) -> Iterator[Event]:
        while not self.pool.is_full:
            piece = self.race.next_piece()
            if piece is None:
                return
            key, fold = piece
            self.race.started(piece)
            if fold is FINAL:
                self.pool.start(piece, finish, self.store, key, self.out, self._out_of_fold(key))
            else:
                self.pool.start(piece, fit_fold, self.store, key, fold)
                yield FoldStarted(key, fold)

    def _give_up_late(self) -> Iterator[Event]:
        """Skip what cannot be finished in time. The baseline takes no time and always counts."""
        left = self._time_left()
        if left == float("inf"):
            return
        for key, lane in self.race.lanes.items():
            if key == _ALWAYS or lane.ended:
                continue
            needed = None if lane.is_scored else self.race.seconds_needed(key)
            if left > 0 and (needed is None or needed <= left):
                continue
            self._stop(key)
            lane.ended = True
            if lane.is_scored:
                note = f"The time was over before {lane.unexplained} could be made."
                yield Explained(key, {"note": note})
                continue
            reason = "Skipped: out of time"
            if needed is not None:
                reason += f"; it needed about {needed:.0f} s more"
            yield RowAdded(Row(key, lane.algorithm.label, SKIPPED, error=reason + "."))

    def _stop(self, key: str) -> None:
        for tag in self.pool.running:
            if tag[0] == key:
                self.pool.kill(tag)

    def _take(self, news: News) -> Iterator[Event]:
        key, fold = news.tag
        lane = self.race.lanes[key]
        if news.error:
            yield from self._failed(key, news.error)
        elif isinstance(news.value, FoldResult):
            assert fold is not None
            lane.results[fold] = news.value
            score = news.value.scores[self.metric.key]
            yield FoldFinished(key, fold, score, news.value.seconds)
            if lane.is_scored:
                yield RowAdded(self._row(key))
        elif fold is FINAL and news.ended:
            lane.ended = True
        elif news.value is not None:
            lane.steps += 1
            yield Explained(key, news.value)

    def _failed(self, key: str, reason: str) -> Iterator[Event]:
        lane = self.race.lanes[key]
        if lane.ended:
            return
        lane.ended = True
        self._stop(key)
        if lane.is_scored:
            note = f"Without {lane.unexplained}. {reason}"
            yield Explained(key, {"note": note})
        else:
            yield RowAdded(Row(key, lane.algorithm.label, FAILED, error=reason))

    def _row(self, key: str) -> Row:
        lane = self.race.lanes[key]
        results = [lane.results[fold] for fold in range(lane.folds)]
        cap, note = lane.algorithm.sample_cap, ""
        trained = len(self.contest.folds[0][0])
        if cap is not None and trained > cap:
            note = f"Trained on a random sample of {cap:,} of {trained:,} rows."
        seconds = sum(result.seconds for result in results) / len(results)
        scores = [result.scores for result in results]
        return finished_row(key, lane.algorithm.label, self.metric, scores, seconds, note)

    def _out_of_fold(self, key: str) -> np.ndarray:
        """Return the answers of the folds in the order of the training rows."""
        results = self.race.lanes[key].results
        place = {int(row): index for index, row in enumerate(self.contest.train)}
        first: Any = results[0].predicted
        merged = np.empty((len(self.contest.train), *first.shape[1:]))
        for fold, (_, test) in enumerate(self.contest.folds):
            merged[[place[int(row)] for row in test]] = results[fold].predicted
        return merged
