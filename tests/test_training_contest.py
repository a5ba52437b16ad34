"""Tuning, the ensemble, the early end, splits by group and time, and what is said of the time."""

import time
from dataclasses import replace

import numpy as np
import pytest

from tests.test_training_evaluation import made, rows_of
from tests.training_tables import flowers, houses
from tests.waiting import promised
from training import model_file, tuning
from training.catalogue import ALGORITHMS, Algorithm, Setting, chosen
from training.ensemble import weigh
from training.evaluation import Settings, evaluate
from training.events import Explained, Pulse, RowAdded, Searched
from training.fits import FoldResult, score_fold
from training.forecast import remaining
from training.lanes import FINAL
from training.pipeline import make_plan
from training.pool import Pool
from training.problem import TargetError
from training.race import Race
from training.roles import Roles
from training.scoring import predict, score
from training.search import STALE_ROUNDS, Search
from training.splits import make_contest
from training.target import make_task


def run(task, keys, folder, **settings):
    contest = make_contest(task, make_plan(task.columns)[0], 0)
    with Pool(2) as pool:
        limits = Settings(2, **settings)
        return contest, list(evaluate(contest, chosen(keys), limits, pool, folder, folder / "out"))


# --- tuning and the ensemble ---


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    task = made(folder, houses(150), "price", folds=3)
    keys = ["linear", "tree", "knn"]
    contest, events = run(task, keys, folder, tune=True, ensemble=True)
    return task, contest, events, folder / "out"


def test_tuning_never_makes_a_row_worse_and_says_what_was_found(tuned):
    _, _, events, _ = tuned
    rows: dict[str, list] = {}
    for event in events:
        if isinstance(event, RowAdded):
            rows.setdefault(event.row.algorithm, []).append(event.row)
    again = [entries for entries in rows.values() if len(entries) > 1]
    assert again, "nothing was tuned"
    for first, *_, last in again:
        assert last.score < first.score
        assert last.settings
        assert "Tuned, the best of 13 settings" in last.note
        assert len(last.fold_scores) == 3


def test_the_ensemble_is_a_row_with_a_file_that_answers_as_its_members_do(tuned):
    task, contest, events, out = tuned
    row = rows_of(events)["ensemble"]
    weights = row.settings["weights"]
    assert sum(weights.values()) == pytest.approx(1)
    assert len(row.fold_scores) == 3
    whole = model_file.load(out / "ensemble.skops")
    table = contest.features.iloc[contest.holdout]
    members = zip(whole.estimators_, weights.values(), strict=True)
    mean = sum(predict(member, table, ()) * weight for member, weight in members)
    assert np.allclose(predict(whole, table, ()), mean)
    parts = [e.parts for e in events if isinstance(e, Explained) and e.algorithm == "ensemble"]
    found = score(task.kind, contest.truth[contest.holdout], mean)
    assert parts[-1] == {"refitted": True}
    assert parts[0]["holdout"]["rmse"] > found["rmse"], "checked before it was fitted on all rows"


def test_the_file_of_the_best_model_is_fitted_on_all_rows_after_its_check(tuned):
    _, contest, events, out = tuned
    again = [e.algorithm for e in events if isinstance(e, Explained) and "refitted" in e.parts]
    best = next(key for key in again if key != "ensemble")
    checked = next(e.parts for e in events if isinstance(e, Explained) and e.algorithm == best)
    table, truth = (part[contest.holdout] for part in (contest.features.iloc, contest.truth))
    found = score(
        contest.problem, truth, predict(model_file.load(out / f"{best}.skops"), table, ())
    )
    assert checked["holdout"]["rmse"] != found["rmse"]
    assert {path.suffix for path in out.iterdir()} <= {".skops", ".svg"}


def test_an_ensemble_of_classes_survives_its_file(tmp_path):
    task = made(tmp_path, flowers(180), "kind", folds=3)
    contest, events = run(task, ["linear", "knn", "mlp"], tmp_path, ensemble=True)
    row = rows_of(events).get("ensemble")
    if row is None:
        pytest.skip("one model alone was best")
    whole = model_file.load(tmp_path / "out" / "ensemble.skops")
    assert set(whole.predict(contest.features)) <= set(task.classes)


@pytest.mark.parametrize(("spread", "equal"), [([10] * 5, True), ([10, 10, 10, 90, 90], False)])
def test_models_weigh_the_same_unless_some_are_clearly_better(tmp_path, spread, equal):
    task = made(tmp_path, houses(100), "price")
    contest = make_contest(task, make_plan(task.columns)[0], 0)
    truth, chance = contest.truth[contest.tested], np.random.default_rng(0)
    answers = {f"m{n}": truth + chance.normal(0, std, len(truth)) for n, std in enumerate(spread)}
    weights = weigh(contest, answers).weights
    assert (set(weights.values()) == {0.2}) == equal
    assert ("m4" in weights) == equal


def test_the_same_seed_tries_the_same_settings_and_stays_in_range():
    boosting = ALGORITHMS["boosting"]
    first = tuning.candidates(boosting, "binary", 12, 3, imbalanced=True)
    assert first == tuning.candidates(boosting, "binary", 12, 3, imbalanced=True)
    assert first[0] == {"class_weight": "balanced"}
    for settings in first[1:]:
        assert 0.02 <= settings["learning_rate"] <= 0.2
        assert isinstance(settings["max_leaf_nodes"], int)
    assert tuning.candidates(boosting, "binary", 0, 3, imbalanced=True) == [], "no time for any"
    plain = tuning.candidates(boosting, "regression", 2, 3, imbalanced=False)
    assert all("class_weight" not in settings for settings in plain)


# --- the early end ---


def test_an_early_end_keeps_what_is_finished_and_explains_the_best(tmp_path):
    task = made(tmp_path, flowers(3000, classes=4), "kind", folds=3)
    contest = make_contest(task, make_plan(task.columns)[0], 0)
    seen, began = [], time.monotonic()

    def is_enough() -> bool:
        return "linear" in rows_of(seen)

    with Pool(2) as pool:
        limits = Settings(2, tune=True, ensemble=True, is_enough=is_enough)
        for event in evaluate(
            contest, chosen(["linear", "svm", "mlp", "forest"]), limits, pool, tmp_path, tmp_path
        ):
            seen.append(event)
    assert time.monotonic() - began < promised(40)
    rows = rows_of(seen)
    assert rows["linear"].status == rows["baseline"].status == "succeeded"
    assert rows["forest"].error == "Skipped: stopped by you."
    assert (tmp_path / "linear.skops").is_file()
    assert any(
        "Stopped by you" in e.parts.get("note", "") for e in seen if isinstance(e, Explained)
    )


# --- splits ---


def table_of(folder, roles, rows=240):
    task = made(folder, houses(rows), "price", folds=4)
    chance = np.random.default_rng(0)
    return replace(
        task,
        groups=chance.integers(0, 30, rows) if "group" in roles else None,
        times=chance.permutation(rows) if "time" in roles else None,
    )


def test_groups_are_never_on_both_sides(tmp_path):
    task = table_of(tmp_path, ["group"])
    contest = make_contest(task, make_plan(task.columns)[0], 0)
    for learnt, tested in [*contest.folds, (contest.train, contest.holdout)]:
        assert not set(task.groups[learnt]) & set(task.groups[tested])
    assert sorted(contest.tested) == sorted(contest.train)


def test_the_past_answers_for_the_future(tmp_path):
    task = table_of(tmp_path, ["time"])
    contest, events = run(task, ["linear"], tmp_path)
    for learnt, tested in [*contest.folds, (contest.train, contest.holdout)]:
        assert task.times[learnt].max() < task.times[tested].min()
    assert len(contest.folds) == 4
    assert len(contest.tested) < len(contest.train)
    assert len(rows_of(events)["linear"].fold_scores) == 4


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"groups": np.repeat([0, 1, 2], 80)}, "only 3 groups"),
        ({"times": np.zeros(240)}, "have the same time"),
    ],
)
def test_a_split_that_cannot_be_is_refused_with_a_sentence(tmp_path, fields, said):
    task = replace(made(tmp_path, houses(240), "price", folds=4), **fields)
    with pytest.raises(TargetError, match=said):
        make_contest(task, make_plan(task.columns)[0], 0)


def test_a_class_that_one_side_lacks_is_named(tmp_path):
    task = made(tmp_path, flowers(240), "kind", folds=4)
    late = (task.answers == "c").astype(int)
    with pytest.raises(TargetError, match="no row of the class “"):
        make_contest(
            replace(task, times=late * 1000 + np.arange(240)), make_plan(task.columns)[0], 0
        )


def test_roles_reach_the_split(tmp_path):
    frame = made(tmp_path, houses(200), "price").features
    frame["price"] = np.arange(200.0)
    seen = made(tmp_path, houses(200), "price").columns
    columns = [*seen, replace(seen[0], name="price", distinct=200)]
    task = make_task(frame, columns, "price", 3, "regression", Roles(time="size"))
    assert task.times is not None


# --- time ---


class Driven:
    """A race on a clock of its own: what it said of its end at each moment, and what was true."""

    def __init__(self, keys, seconds, score_of, budget=None):
        self.race = Race(chosen(keys), 5, 2, "regression")
        self.search = Search(self.race, 0, goes_on=budget is not None)
        self.seconds, self.score_of, self.budget = seconds, score_of, budget or 1e6
        self.now, self.busy, self.moments = 0.0, [], []

    def run(self) -> list[tuple[float, float, float]]:
        """(when, the remaining time that was told, the true one) after each fit."""
        while self.left > 0 and (self._start() or self.busy):
            self.busy.sort()
            self.now, piece = self.busy.pop(0)
            self._finish(piece)
            left = remaining(self.race, self.search, self.left, self.now)
            self.moments.append((self.now, min(left, self.left)))
        return [(at, left, self.now - at) for at, left in self.moments]

    @property
    def left(self) -> float:
        return self.budget - self.now

    def _start(self) -> None:
        race = self.race
        if race.is_scored and self.left <= race.finals():
            ended = self.search.end()
            self.busy = [(at, piece) for at, piece in self.busy if piece not in ended]
        while len(self.busy) < race.slots:
            if race.is_scored and self.search.is_due:
                self.search.plan(self.left)
            self.search.go_on(self.left)
            piece = race.next_piece()
            if piece is None:
                return
            race.started(piece, self.now)
            cost = self.seconds[piece.key] * (1.3 if piece.fold is FINAL else 1)
            self.busy.append((self.now + cost + (1.5 if piece.fold is FINAL else 0), piece))

    def _finish(self, piece) -> None:
        lane = self.race.lanes[piece.key]
        if piece.fold is FINAL:
            lane.steps, lane.ended = 3, True
            return
        found = {"rmse": self.score_of(piece) + piece.fold / 10}
        self.race.finished(piece, FoldResult(found, np.ones(3), 1.0), self.now)
        if piece.trial:
            self.search.halve(piece.key)
            if not lane.is_tuning:
                self.search.choose(piece.key)


KEYS = ["baseline", "linear", "tree", "boosting", "knn", "extra_trees", "forest", "mlp", "svm"]
# Seconds of a fold, and the score, as they were on real tables with 2 cores.
RECORDED = {
    "titanic": ([0.1, 0.3, 0.2, 0.7, 0.3, 0.8, 0.9, 0.3, 0.2], [9, 2, 8, 4, 6, 1, 3, 7, 5]),
    "adult": ([0.3, 1.6, 0.6, 2.4, 5.0, 4.2, 5.5, 9.0, 4.0], [9, 4, 7, 1, 6, 3, 2, 5, 8]),
    "diamonds": ([0.2, 0.5, 0.6, 2.8, 3.0, 9.0, 14.0, 12.0, 2.5], [9, 8, 6, 1, 7, 2, 3, 4, 5]),
}


@pytest.mark.parametrize("table", RECORDED)
def of_record(table):
    """Seconds of each algorithm on a real table; every other setting of it scores better."""
    times, places = RECORDED[table]
    scores = dict(zip(KEYS, places, strict=True))
    return dict(zip(KEYS, times, strict=True)), lambda p: scores[p.key] - p.trial % 2 / 9


@pytest.mark.parametrize("times", [0, 1.2, 2, 5])
@pytest.mark.parametrize("table", RECORDED)
def test_the_remaining_time_is_right_within_a_factor_of_two_after_a_third(table, times):
    moments = Driven(ALGORITHMS, *of_record(table)).run()
    if times:  # so many times what is planned
        moments = Driven(ALGORITHMS, *of_record(table), times * moments[-1][0]).run()
    total = moments[-1][0]
    late = [(left, truly) for at, left, truly in moments if at > total / 3 and truly > 5]
    assert late
    for left, truly in late:
        assert truly / 2 <= left <= truly * 2


# --- the time that is left ---


def test_time_that_is_left_goes_to_more_settings_of_all_that_may_be_best():
    equal = dict.fromkeys(KEYS, 0.5)

    def score_of(piece) -> float:
        return 5 - piece.trial / 100 + KEYS.index(piece.key) * (piece.fold % 2)

    driven = Driven(KEYS, equal, score_of, budget=300)
    driven.run()
    extra = driven.search.extra()
    assert len(extra) == 5, "as many algorithms as could be the best"
    assert max(extra.values()) - min(extra.values()) <= 24, "in turn"
    assert 200 < driven.now < 305
    planned = Driven(KEYS, equal, score_of)
    planned.run()
    assert planned.search.extra() == {}, "without a budget"
    for key, lane in planned.race.lanes.items():
        first = [trial.settings for trial in lane.trials]
        assert first == [t.settings for t in driven.race.lanes[key].trials[: len(first)]] or (
            len(first) == 1
        )


def test_a_search_that_finds_nothing_better_ends_before_its_time():
    driven = Driven(["tree", "knn"], dict.fromkeys(KEYS, 0.1), lambda p: 5 + p.trial, 600)
    driven.run()
    assert driven.search.is_stale
    assert driven.now < 100
    assert {lane.round for lane in driven.race.lanes.values()} == {0, STALE_ROUNDS}


def test_what_cannot_be_the_best_gets_no_more_time():
    places = {"tree": 9.0, "knn": 1.0}
    driven = Driven(["tree", "knn"], dict.fromkeys(KEYS, 0.5), lambda p: places.get(p.key, 20), 100)
    driven.run()
    assert set(driven.search.extra()) == {"knn"}


def test_what_was_as_good_before_the_tuning_gets_its_turn():
    def score_of(piece) -> float:
        tuned = 3.0 if piece.key == "boosting" and piece.trial else 0.0
        return 9 - tuned + KEYS.index(piece.key) * (piece.fold % 2) / 9

    driven = Driven(["boosting", "svm"], dict.fromkeys(KEYS, 0.5), score_of, 100)
    driven.run()
    assert set(driven.search.extra()) == {"boosting", "svm"}


def test_answers_of_settings_that_were_not_chosen_do_not_pile_up():
    driven = Driven(["tree"], dict.fromkeys(KEYS, 0.1), lambda p: 5 - p.trial / 100, 60)
    driven.run()
    trials = driven.race.lanes["tree"].trials
    held = [
        n for n, trial in enumerate(trials) if any(len(r.predicted) for r in trial.results.values())
    ]
    assert held == [driven.race.lanes["tree"].chosen]


def test_further_settings_are_the_same_for_the_same_seed_new_and_in_range():
    boosting = ALGORITHMS["boosting"]
    known = tuning.candidates(boosting, "binary", 12, 3, imbalanced=False)
    best = known[4]
    found = tuning.more_candidates(boosting, "binary", 12, "3 boosting 2", known, best)
    assert found == tuning.more_candidates(boosting, "binary", 12, "3 boosting 2", known, best)
    assert len(found) == 12
    assert not [settings for settings in found if settings in known]
    assert any(len(settings.items() & best.items()) >= 2 for settings in found), "near to the best"
    for setting in boosting.space:
        for settings in found:
            if setting.name in settings and not setting.choices:
                assert setting.low <= settings[setting.name] <= setting.high


def test_a_small_space_is_tried_to_its_end():
    space = (Setting("weights", choices=("uniform", "distance")),)
    small = replace(ALGORITHMS["knn"], space=space)
    found = tuning.more_candidates(small, "binary", 12, "seed", [{}, {"weights": "uniform"}])
    assert found == [{"weights": "distance"}]


def test_without_tuning_no_further_search_is_waited_for(tmp_path):
    task = made(tmp_path, houses(60), "price", folds=2)
    deadline = time.monotonic() + 600
    _, events = run(task, ["tree"], tmp_path, goes_on=True, deadline=deadline)
    assert not [event for event in events if isinstance(event, Searched)]
    assert [event for event in events if isinstance(event, Pulse)][-1].done == 1


def test_time_that_is_left_is_used_and_told_of(tmp_path):
    task = made(tmp_path, houses(150), "price", folds=3)
    # More than the search can use: how busy the machine is makes no difference to it.
    limits = {"tune": True, "goes_on": True, "deadline": time.monotonic() + 3600}
    contest, events = run(task, ["tree", "knn"], tmp_path, **limits)
    told = [event for event in events if isinstance(event, Searched)]
    assert len(told) == 1
    assert sum(told[0].extra.values()) > 0
    rows = rows_of(events)
    assert {row.status for row in rows.values()} == {"succeeded"}
    explained = {e.algorithm for e in events if isinstance(e, Explained) and "holdout" in e.parts}
    assert explained == set(rows)
    for row in rows.values():
        again = [score_fold(contest, row.algorithm, n, row.settings) for n in range(3)]
        assert [one.scores["rmse"] for one in again] == pytest.approx(row.fold_scores, abs=1e-9)


def test_what_cannot_be_finished_is_skipped_before_it_eats_the_budget(tmp_path):
    task = made(tmp_path, flowers(6000, classes=4), "kind")
    began = time.monotonic()
    _, events = run(task, ["linear", "forest", "svm"], tmp_path, deadline=began + 5, tune=True)
    assert time.monotonic() - began < promised(5 * 1.05 + 5)
    skipped = [row for row in rows_of(events).values() if row.status == "skipped"]
    assert all("out of time" in row.error for row in skipped)
    # The last fit of the best model may end a moment later.
    assert next(e.remaining for e in events if isinstance(e, Pulse)) <= 7


def test_a_fit_that_runs_long_is_known_before_it_ends():
    race = Race([Algorithm("linear", "", "", "", cost=1.0)], 5, 1, "binary")
    race.started(race.next_piece(), 100.0)
    assert race.seconds_needed("linear", 100.0) is None
    assert race.seconds_needed("linear", 110.0) == pytest.approx(40.0)
