"""The search for better settings, in rounds: many are tried on the first folds, the best go on."""

from __future__ import annotations

from training.evaluation import candidates
from training.evaluation.runs import Lane, Piece, Trial
from training.evaluation.schedule import Race
from training.results.significance import is_paired_noise

TUNED_LANES = 3
# What the planned round may use of the time that is left.
SHARE = 0.7
# In the time that is left after it: how many algorithms, how many rounds of each at most, and
# after how many in a row without a better setting it is enough.
MOST_LANES, MOST_ROUNDS, STALE_ROUNDS = 5, 8, 3


class Search:
    """One planned round for the best algorithms; where `goes_on`, further ones in the time left."""

    def __init__(
        self, race: Race, seed: int, imbalanced: bool = False, goes_on: bool = False
    ) -> None:
        self.race, self.seed, self.imbalanced, self.goes_on = race, seed, imbalanced, goes_on
        self.is_due = True
        """True until the planned round is given out, or not wanted any more."""
        self.is_stale = False
        """True where the search ended because nothing better was found, not for want of time."""
        self._planned: dict[str, int] = {}

    # --- which settings are tried ---

    def plan(self, left: float) -> None:
        """Give the best algorithms settings to try, as many as the time that is left allows."""
        self.is_due = False
        seconds = (left - self.race.finals()) * SHARE
        for key in self._learners()[:TUNED_LANES]:
            lane = self.race.lanes[key]
            size = self._affordable(lane, seconds)
            seconds -= self._seconds_of(lane, size)
            made = candidates.candidates(
                lane.algorithm, self.race.problem, size, self.seed, self.imbalanced
            )
            self._add(lane, made)
        for key in self._learners():
            self.race.lanes[key].searching = self.goes_on

    def go_on(self, left: float) -> None:
        """Give algorithms whose round is over another one, as long as there is time and hope."""
        if not self.race.is_extra:
            lanes = self.open_lanes()
            if not lanes or any(lane.is_tuning for lane in lanes):
                return
            self._choose_lanes()
        seconds = left - self.race.finals() - self._pending()
        for lane in self.open_lanes():
            if not lane.is_tuning:
                seconds -= self._next_round(lane, seconds)

    def open_lanes(self) -> list[Lane]:
        """Return the algorithms that may get further settings."""
        return [lane for lane in self.race.lanes.values() if lane.searching and not lane.ended]

    def _learners(self) -> list[str]:
        lanes, problem = self.race.lanes, self.race.problem
        return [k for k in self.race.by_score() if candidates.space_of(lanes[k].algorithm, problem)]

    def _choose_lanes(self) -> None:
        self.race.is_extra = True
        self._planned = {key: len(lane.trials) for key, lane in self.race.lanes.items()}
        hopeful = self.hopeful()
        for key, lane in self.race.lanes.items():
            lane.searching = key in hopeful

    def hopeful(self) -> list[str]:
        """Return the learners that cannot be told from the best; the best of them at least."""
        best, learners = self.race.lanes[self.race.by_score()[0]], self._learners()
        near = [key for key in learners if self._is_near(self.race.lanes[key], best)]
        return (near or learners[:1])[:MOST_LANES]

    def _is_near(self, lane: Lane, best: Lane) -> bool:
        # Defaults are compared as well: what is tuned has the luck of its folds on its side.
        pairs = (lane.trials[0], best.trials[0]), (lane.best, best.best)
        scores = self.race.fold_scores
        return any(is_paired_noise(scores(ours), scores(theirs)) for ours, theirs in pairs)

    def _next_round(self, lane: Lane, seconds: float) -> float:
        """Add a round, or close the search of this algorithm; return the seconds that it takes."""
        number, problem = lane.round + 1, self.race.problem
        size = self._affordable(lane, seconds)
        made = [] if self.rounds_ahead(lane)[0] < 1 else candidates.more_candidates(
            lane.algorithm, problem, size, f"{self.seed} {lane.algorithm.key} {number}",
            [trial.settings for trial in lane.trials], lane.best.settings,
        )  # fmt: skip
        lane.searching = bool(made)
        self.is_stale = not made and size > 0
        self._add(lane, made)
        return self._seconds_of(lane, len(made))

    def _add(self, lane: Lane, made: list[dict]) -> None:
        number, first = lane.round + 1, candidates.first_folds(self.race.folds)
        lane.trials += [Trial(settings, list(range(first)), round=number) for settings in made]

    def rounds_ahead(self, lane: Lane) -> tuple[int, int]:
        """Return the fewest and the most rounds that may follow the one that is over."""
        stale = lane.round - lane.best.round
        most = max(0, MOST_ROUNDS - lane.round)
        return min(most, STALE_ROUNDS - stale), most

    # --- what becomes of them ---

    def halve(self, key: str) -> None:
        """Let only the best settings of a round go on, once all have seen the first folds."""
        lane, first = self.race.lanes[key], candidates.first_folds(self.race.folds)
        tried = [trial for trial in lane.trials[1:] if trial.round == lane.round]
        alive = [trial for trial in tried if not trial.dropped]
        if any(len(trial.results) < first for trial in alive):
            return
        if all(len(trial.results) == first and not trial.waiting for trial in alive):
            bar = self.race.mean(lane.trials[0], first)
            order = sorted(alive, key=lambda trial: -self.race.mean(trial, first))
            going_on = order[: candidates.survivors(len(tried))]
            for trial in alive:
                if trial in going_on and self.race.mean(trial, first) > bar:
                    trial.waiting = list(range(first, self.race.folds))
                else:
                    trial.drop()
                    trial.forget()

    def choose(self, key: str) -> bool:
        """Take the best settings that are through all folds; True where they are new."""
        lane = self.race.lanes[key]
        before, folds = lane.chosen, self.race.folds
        through = [n for n, trial in enumerate(lane.trials) if len(trial.results) == folds]
        lane.chosen = max(through, key=lambda n: self.race.mean(lane.trials[n]))
        for number in through:
            if number != lane.chosen:
                lane.trials[number].forget()
        return lane.chosen != before

    def end(self) -> list[Piece]:
        """Drop all settings that are not through; return the fits that are in vain now."""
        self.is_due = self.goes_on = False
        vain: list[Piece] = []
        for key, lane in self.race.lanes.items():
            lane.searching = False
            for number, trial in enumerate(lane.trials[1:], start=1):
                if len(trial.results) < self.race.folds and not trial.dropped:
                    vain += [Piece(key, fold, number) for fold in trial.running]
                    trial.drop()
        return vain

    def extra(self) -> dict[str, int]:
        """Return how many settings of which algorithm the time that was left was used for."""
        lanes = self.race.lanes
        found = {
            key: sum(1 for trial in lanes[key].trials[planned:] if trial.results)
            for key, planned in self._planned.items()
        }
        return {key: number for key, number in found.items() if number}

    # --- time ---

    def _affordable(self, lane: Lane, seconds: float) -> int:
        fold = lane.fold_seconds or 0.0
        return next(candidates.affordable(seconds, fold, self.race.folds, self.race.slots), 0)

    def _seconds_of(self, lane: Lane, size: int) -> float:
        fits = candidates.fits_of(size, self.race.folds) if size else 0
        return fits * (lane.fold_seconds or 0.0) / self.race.slots

    def _pending(self) -> float:
        """Return the seconds of rounds that go on now."""
        fits = ((fits_ahead(lane), lane.fold_seconds or 0.0) for lane in self.open_lanes())
        return sum(number * fold for number, fold in fits) / self.race.slots


def fits_ahead(lane: Lane) -> float:
    """Estimate the fits that the settings of an algorithm still take, begun ones among them."""
    fits = float(sum(len(trial.waiting) + len(trial.running) for trial in lane.trials))
    first = candidates.first_folds(lane.folds)
    latest = [trial for trial in lane.trials if trial.round == lane.round]
    if lane.round and any(t.waiting or t.running for t in latest if len(t.results) < first):
        # About half of those that may go on are not better than the default and do not.
        fits += candidates.survivors(len(latest)) * (lane.folds - first) / 2
    return fits
