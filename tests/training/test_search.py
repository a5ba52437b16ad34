"""The search for better settings, and the time it is given."""

import time
from dataclasses import replace

import numpy as np
import pytest

from tests.support.experiments import made, rows_of, run
from tests.support.paced_pool import PacedPool
from tests.support.training_tables import flowers, houses
from training.algorithms.catalogue import ALGORITHMS, Algorithm, Setting, chosen
from training.evaluation import candidates
from training.evaluation.budget import remaining
from training.evaluation.events import Explained, Pulse, Searched
from training.evaluation.fit import FoldResult, score_fold
from training.evaluation.runs import FINAL, Fit, Trial
from training.evaluation.schedule import Schedule
from training.evaluation.search import Search


class Driven:
    """A race on a clock of its own: what it said of its end at each moment, and what was true."""

    def __init__(self, keys, seconds, score_of, budget=1e6, patience=10**6):
        self.schedule = Schedule(chosen(keys), 5, 2, "regression")
        self.search = Search(self.schedule, 0)
        self.seconds, self.score_of, self.budget = seconds, score_of, budget
        self.patience, self.since, self.best = patience, 0, float("inf")
        self.search.ahead = patience
        self.now, self.busy, self.moments = 0.0, [], []

    def run(self) -> list[tuple[float, float, float]]:
        """(when, the remaining time that was told, the true one) after each fit."""
        while self.left > 0 and (self._start() or self.busy):
            self.busy.sort()
            self.now, fit = self.busy.pop(0)
            self._finish(fit)
            left = remaining(self.schedule, self.search, self.left, self.now)
            self.moments.append((self.now, min(left, self.left)))
        return [(at, left, self.now - at) for at, left in self.moments]

    @property
    def left(self) -> float:
        return self.budget - self.now

    def _start(self) -> None:
        schedule = self.schedule
        if schedule.is_scored and (self.left <= schedule.finals() or self.since >= self.patience):
            ended = self.search.end()
            self.busy = [(at, fit) for at, fit in self.busy if fit not in ended]
        while len(self.busy) < schedule.slots:
            fit = schedule.next_fit()
            if (fit is None or fit.fold is FINAL) and self.search.extend(self.left):
                fit = schedule.next_fit()
            if fit is None:
                return
            schedule.started(fit, self.now)
            cost = self.seconds[fit.key] * (1.3 if fit.fold is FINAL else 1)
            self.busy.append((self.now + cost + (1.5 if fit.fold is FINAL else 0), fit))

    def _finish(self, fit) -> None:
        run = self.schedule.runs[fit.key]
        if fit.fold is FINAL:
            run.steps, run.ended = 3, True
            return
        score = self.score_of(fit)
        found = {"rmse": score + fit.fold / 10}
        self.schedule.finished(fit, FoldResult(found, np.ones(3), 1.0), self.now)
        trial = run.trials[fit.trial]
        is_through = len(trial.results) == 5
        if fit.trial:
            if is_through:
                self.search.choose(fit.key)
            if self.search.judge(fit) or is_through:
                self.since = 0 if score < self.best else self.since + 1
            self.search.ahead = max(0, self.patience - self.since)
        if is_through:
            self.best = min(self.best, score)


KEYS = ["baseline", "linear", "tree", "boosting", "knn", "extra_trees", "forest", "mlp", "svm"]
# Seconds of a fold, and the score, as they were on real tables with 2 cores.
RECORDED = {
    "titanic": ([0.1, 0.3, 0.2, 0.7, 0.3, 0.8, 0.9, 0.3, 0.2], [9, 2, 8, 4, 6, 1, 3, 7, 5]),
    "adult": ([0.3, 1.6, 0.6, 2.4, 5.0, 4.2, 5.5, 9.0, 4.0], [9, 4, 7, 1, 6, 3, 2, 5, 8]),
    "diamonds": ([0.2, 0.5, 0.6, 2.8, 3.0, 9.0, 14.0, 12.0, 2.5], [9, 8, 6, 1, 7, 2, 3, 4, 5]),
}


def of_record(table):
    """Seconds of each algorithm on a real table; every other setting of it scores better."""
    times, places = RECORDED[table]
    scores = dict(zip(KEYS, places, strict=True))
    return dict(zip(KEYS, times, strict=True)), lambda p: scores[p.key] - p.trial % 2 / 9


@pytest.mark.parametrize("times", [0, 1.2, 2, 5])
@pytest.mark.parametrize("table", RECORDED)
def test_the_remaining_time_is_right_within_a_factor_of_two_after_a_third(table, times):
    moments = Driven(KEYS, *of_record(table), patience=20).run()  # until nothing helps
    if times:
        moments = Driven(KEYS, *of_record(table), budget=times * moments[-1][0]).run()
    total = moments[-1][0]
    # At the very end the few seconds count that are kept for the last fits.
    least = max(5, total / 50)
    late = [(left, truly) for at, left, truly in moments if at > total / 3 and truly > least]
    assert late
    for left, truly in late:
        assert truly / 2 <= left <= truly * 2


# --- the time that is left ---


def test_time_that_is_left_goes_to_more_settings_of_all_that_may_be_best():
    equal = dict.fromkeys(KEYS, 0.5)

    def score_of(fit) -> float:
        return 5 - fit.trial / 100 + KEYS.index(fit.key) * (fit.fold % 2)

    driven = Driven(KEYS, equal, score_of, budget=300)
    driven.run()
    extra = driven.search.tried()
    assert len(extra) == 5, "as many algorithms as could be the best"
    assert max(extra.values()) - min(extra.values()) <= 24, "in turn"
    assert 200 < driven.now < 305
    run = driven.schedule.runs["boosting"]
    known = [trial.settings for trial in run.trials[1:5]]
    assert known == list(ALGORITHMS["boosting"].portfolio), "known ones first"


def test_drawn_settings_go_on_only_among_the_best_third_of_their_algorithm():
    driven = Driven(["knn"], dict.fromkeys(KEYS, 0.1), lambda p: 5 + p.trial % 7 / 7, 30)
    driven.run()
    trials = driven.schedule.runs["knn"].trials
    assert {len(trial.results) for trial in trials if trial.dropped} == {2}
    through = sum(len(trial.results) == 5 for trial in trials)
    assert 0.2 < through / len(trials) < 0.45


def test_what_cannot_be_the_best_gets_no_more_time():
    places = {"tree": 9.0, "knn": 1.0}
    driven = Driven(["tree", "knn"], dict.fromkeys(KEYS, 0.5), lambda p: places.get(p.key, 20), 100)
    driven.run()
    tried = driven.search.tried()
    assert tried["knn"] > 20 and "tree" not in tried


def test_what_was_as_good_before_the_tuning_gets_its_turn():
    def score_of(fit) -> float:
        tuned = 3.0 if fit.key == "boosting" and fit.trial else 0.0
        return 9 - tuned + KEYS.index(fit.key) * (fit.fold % 2) / 9

    driven = Driven(["boosting", "svm"], dict.fromkeys(KEYS, 0.5), score_of, 100)
    driven.run()
    assert min(driven.search.tried().values()) > 24, "beyond what is known"


def test_answers_of_the_best_settings_of_an_algorithm_are_kept_and_no_others():
    driven = Driven(["tree"], dict.fromkeys(KEYS, 0.1), lambda p: 5 - p.trial / 100, 60)
    driven.run()
    run = driven.schedule.runs["tree"]
    held = {
        n
        for n, trial in enumerate(run.trials)
        if any(len(r.predicted) for r in trial.results.values())
    }
    through = [number for key, number in driven.schedule.through() if key == "tree"]
    assert len(through) > 12
    finished = held & set(through)
    assert finished == set(through[:12]) | {run.chosen}


def test_drawn_settings_are_the_same_for_the_same_seed_new_and_in_range():
    boosting = ALGORITHMS["boosting"]
    known = candidates.portfolio(boosting, "binary")
    best = known[3]

    def drawn(number: int) -> dict:
        return candidates.drawn(boosting, "binary", f"3 {number}", known, best)

    found = [drawn(number) for number in range(12)]
    assert found == [drawn(number) for number in range(12)]
    assert not [settings for settings in found if settings in known]
    assert any(len(settings.items() & best.items()) >= 2 for settings in found), "near to the best"
    for setting in boosting.space:
        for settings in found:
            if setting.name in settings and not setting.choices:
                assert setting.low <= settings[setting.name] <= setting.high
    assert all(isinstance(settings.get("max_leaf_nodes", 1), int) for settings in found)


def test_a_small_space_is_tried_to_its_end():
    space = (Setting("weights", choices=("uniform", "distance")),)
    small = replace(ALGORITHMS["knn"], space=space)
    known = [{}, {"weights": "uniform"}]
    assert candidates.drawn(small, "binary", "seed", known, {}) == {"weights": "distance"}
    known.append({"weights": "distance"})
    assert candidates.drawn(small, "binary", "seed", known, {}) is None


def test_what_is_known_is_tried_only_where_it_fits_the_problem():
    assert candidates.portfolio(ALGORITHMS["linear"], "binary")
    assert candidates.portfolio(ALGORITHMS["linear"], "regression") == []


def test_without_tuning_no_further_search_is_waited_for(tmp_path):
    task = made(tmp_path, houses(60), "price", folds=2)
    deadline = time.monotonic() + 600
    _, events = run(task, ["tree"], tmp_path, deadline=deadline)
    assert not [event for event in events if isinstance(event, Searched)]
    assert [event for event in events if isinstance(event, Pulse)][-1].done == 1


def test_time_that_is_left_is_used_and_told_of(tmp_path):
    task = made(tmp_path, houses(150), "price", folds=3)
    # More than the search can use: how busy the machine is makes no difference to it.
    limits = {"tune": True, "deadline": time.monotonic() + 3600}
    experiment, events = run(task, ["tree", "knn"], tmp_path, **limits)
    told = [event for event in events if isinstance(event, Searched)]
    assert len(told) == 1
    assert sum(told[0].tried.values()) >= told[0].in_vain >= 8, "nothing helped any more"
    rows = rows_of(events)
    assert {row.status for row in rows.values()} == {"succeeded"}
    explained = {e.algorithm for e in events if isinstance(e, Explained) and "holdout" in e.parts}
    assert explained == set(rows)
    for row in rows.values():
        again = [score_fold(experiment, row.algorithm, n, row.settings) for n in range(3)]
        assert [one.scores["rmse"] for one in again] == pytest.approx(row.fold_scores, abs=1e-9)


def test_what_cannot_be_finished_is_skipped_before_it_eats_the_budget(tmp_path, monkeypatch):
    task = made(tmp_path, flowers(240), "kind")
    pool = PacedPool(monkeypatch, {"baseline": 0.1, "linear": 0.3, "forest": 1.0, "svm": 30.0})
    deadline = pool.now + 20
    limits = {"deadline": deadline, "tune": True}
    _, events = run(task, ["linear", "forest", "svm"], tmp_path, pool, **limits)
    assert pool.now <= deadline + 1
    rows = rows_of(events)
    assert {key for key, row in rows.items() if row.status == "skipped"} == {"svm"}
    assert "out of time; it needed about" in rows["svm"].error
    pulses = [event for event in events if isinstance(event, Pulse)]
    # The last fit of the best model may end a moment later.
    assert pulses[0].remaining <= 22
    given_up = next(n for n, e in enumerate(events) if getattr(e, "row", None) is rows["svm"])
    later = {key for e in events[given_up:] if isinstance(e, Pulse) for key, *_ in e.running}
    assert "forest" in later, "its time went to the others"


def test_a_fit_that_runs_long_is_known_before_it_ends():
    schedule = Schedule([Algorithm("linear", "", "", "", cost=1.0)], 5, 1, "binary")
    schedule.started(schedule.next_fit(), 100.0)
    assert schedule.seconds_needed("linear", 100.0) is None
    assert schedule.seconds_needed("linear", 110.0) == pytest.approx(40.0)


def scored(keys: list[str], scores: dict[str, float], folds: int = 1) -> Schedule:
    """A schedule whose algorithms have seen so many folds, each of which took 2 s."""
    schedule = Schedule(chosen(keys), 5, 1, "regression")
    for key in ("baseline", *keys):
        for fold in range(folds):
            schedule.started(Fit(key, fold), 0.0)
            result = FoldResult({"rmse": scores.get(key, 9.0)}, np.zeros(1), 2.0)
            schedule.finished(Fit(key, fold), result, 2.0)
    return schedule


def test_each_sees_a_fold_before_the_best_see_the_others():
    schedule = Schedule(chosen(["linear", "tree", "boosting"]), 2, 1, "regression")
    scores = {"baseline": 9.0, "linear": 5.0, "tree": 4.0, "boosting": 3.0}
    order = []
    while not schedule.is_scored:
        fit = schedule.next_fit()
        order.append((fit.key, fit.fold))
        schedule.started(fit, 0.0)
        schedule.finished(fit, FoldResult({"rmse": scores[fit.key]}, np.zeros(1), 1.0), 1.0)
    opening = [("baseline", 0), ("baseline", 1), ("linear", 0), ("linear", 1)]
    assert order[:4] == opening
    assert order[4:] == [("tree", 0), ("boosting", 0), ("boosting", 1), ("tree", 1)]


def test_what_is_behind_after_a_fold_gives_its_time_to_better_ones():
    keys = ["linear", "tree", "boosting", "svm"]
    schedule = scored(keys, {"linear": 5.0, "tree": 4.0, "boosting": 3.0, "svm": 8.0})
    schedule.runs["baseline"].ended = True
    # Four folds of 2 s each are left of every one.
    assert schedule.behind(100.0) == []
    assert [key for key, _ in schedule.behind(20.0)] == ["linear", "svm"]
    _, reason = schedule.behind(20.0)[-1]
    assert "RMSE 8 beside 3" in reason and "went to better ones" in reason
    assert [key for key, _ in schedule.behind(1.0)] == ["tree", "linear", "svm"], "one stays"
    schedule.runs["svm"].trials[0].results.clear()
    assert schedule.behind(1.0) == [], "not before each has seen a fold"


def test_the_same_settings_drawn_twice_are_two_trials():
    schedule = scored(["tree"], {"tree": 4.0}, folds=5)
    run, search = schedule.runs["tree"], Search(schedule, 0)
    for number, rmse in enumerate((3.0, 3.0, 3.5), start=1):
        found = {fold: FoldResult({"rmse": rmse}, np.zeros(2), 1.0) for fold in range(2)}
        run.trials.append(Trial({"max_depth": 3}, [], found))
        assert search.judge(Fit("tree", 1, number)) == (rmse > 3)
    assert [trial.dropped for trial in run.trials[1:]] == [False, False, True]
    assert [len(trial.waiting) for trial in run.trials[1:]] == [3, 3, 0]
