"""The contest: folds, order, seeds, budget, failures, and what is left on disk."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from tests.support.experiments import load, made, rows_of
from tests.support.paced_pool import PacedPool
from tests.support.training_tables import flowers, houses, real_table
from tests.support.waiting import PATIENCE
from training.algorithms import model_file
from training.algorithms.catalogue import ALGORITHMS, Algorithm, chosen
from training.evaluation.budget import LATE, EvaluationLimits
from training.evaluation.events import Event, Explained, FoldFinished, Pulse, Searched
from training.evaluation.fit import fit_on
from training.evaluation.process_pool import Pool
from training.evaluation.runner import evaluate
from training.metrics import ranking_metric
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import LearningTask, make_learning_task
from training.plots.draw import draw_all
from training.plots.importance import draw_importance
from training.results.leaderboard import LeaderboardRow, rank
from training.tables.preview import preview
from training.tasks.progress import ProgressReport

HOSTILE = "<script>alert(1)</script>$\\frac{$&\u202e"


def run(task, algorithms, folder, *, seed=0, cores=2, deadline=None, pool=None) -> list[Event]:
    if not isinstance(algorithms[0], Algorithm):
        algorithms = chosen(algorithms)
    plan, _ = make_plan(task.columns)
    experiment = make_experiment(task, plan, seed)
    with pool or Pool(cores) as pool:
        settings = EvaluationLimits(cores, deadline)
        return list(evaluate(experiment, algorithms, settings, pool, folder, folder / "out"))


@pytest.fixture(scope="module")
def three_kinds(tmp_path_factory) -> tuple[LearningTask, list[Event], Path]:
    folder = tmp_path_factory.mktemp("flowers")
    task = made(folder, flowers(180), "kind", folds=3)
    return task, run(task, ["linear", "tree"], folder), folder / "out"


def test_every_fold_of_every_algorithm_is_reported_cheap_ones_first(three_kinds):
    _, events, _ = three_kinds
    folds = [(e.algorithm, e.fold) for e in events if isinstance(e, FoldFinished)]
    assert sorted(folds) == [(k, f) for k in ("baseline", "linear", "tree") for f in range(3)]
    assert list(rows_of(events)) == ["baseline", "linear", "tree"]


def test_a_model_that_learns_beats_the_baseline(three_kinds):
    task, events, _ = three_kinds
    board = rank(list(rows_of(events).values()), task.metric)
    assert board[-1].algorithm == "baseline"
    assert board[0].score < 0.7
    assert board[0].score_std > 0
    assert set(board[0].metrics) == {"balanced_accuracy", "accuracy", "f1_macro", "log_loss"}


def test_hold_out_scores_files_plots_and_importance_are_made(three_kinds):
    task, events, out = three_kinds
    parts = [e.parts for e in events if isinstance(e, Explained) and e.algorithm == "linear"]
    assert parts[0]["holdout"]["accuracy"] > 0.6
    model = model_file.load(out / parts[0]["model"])
    assert set(model.predict(task.features)) <= set(task.classes)
    assert [plot.name for plot in parts[1]["plots"]] == ["confusion", "per_class"]
    assert {entry["column"] for entry in parts[2]["importance"]} == set(task.features.columns)
    assert parts[2]["importance"][0]["column"] in {"width", "height"}


@pytest.mark.parametrize("key", ["linear", "tree"])
def test_the_log_loss_of_a_file_is_that_which_ranks(three_kinds, key):
    task, events, out = three_kinds
    explained = [e.parts for e in events if isinstance(e, Explained) and e.algorithm == key]
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    model = model_file.load(out / f"{key}.skops")
    if {"refitted": True} in explained:  # it has learnt the rows that were kept apart
        model = fit_on(experiment, key, experiment.train, {})
    answered = model.predict_proba(task.features.iloc[experiment.holdout])
    assert answered.min() > 0, "never is infinitely wrong if it is wrong"
    loss = log_loss(experiment.answers[experiment.holdout], answered)
    assert loss == pytest.approx(explained[0]["holdout"]["log_loss"], rel=1e-9)


def test_the_story_of_an_evaluation_is_plain_json(three_kinds):
    task, events, _ = three_kinds
    progress_report = ProgressReport(task, chosen(["linear", "tree"]), ())
    lines = [line for event in events for line in progress_report.take(event)]
    assert any("Linear model: Log loss" in text for text, _ in lines)
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    result = json.loads(json.dumps(progress_report.result(experiment), allow_nan=False))
    assert result["best"] in {"linear", "tree"}
    assert len(result["plots"]) == 11
    assert {"problem", "target", "rows", "metric", "greater_is_better", "holdout"} <= set(result)
    assert json.loads(json.dumps(progress_report.live()))["waiting"] == []


@pytest.mark.parametrize(
    ("tried", "in_vain", "said"),
    [
        (
            {"tree": 24, "knn": 12},
            0,
            "settings were tried: 24 of Decision tree, 12 of Nearest ne",
        ),
        ({"tree": 36}, 8, "36 of Decision tree. The training ended early: the last 8 of them did"),
        ({}, 0, "no time for other settings"),
    ],
)
def test_what_the_time_left_was_used_for_is_told(three_kinds, tried, in_vain, said):
    progress_report = ProgressReport(three_kinds[0], chosen(["tree"]), ())
    (line,) = progress_report.take(Searched(tried, in_vain))
    assert said in line[0]
    assert progress_report.live()["search"] == line[0]


def test_the_same_seed_gives_the_same_scores_on_any_number_of_cores(tmp_path):
    task = made(tmp_path, houses(100), "price", folds=3)
    keys = ["boosting", "forest", "mlp"]
    first = rows_of(run(task, keys, tmp_path, cores=2))
    second = rows_of(run(task, keys, tmp_path, cores=1))
    other = rows_of(run(task, ["forest"], tmp_path, seed=1))
    for key in keys:
        assert first[key].fold_scores == second[key].fold_scores
    assert first["forest"].fold_scores != other["forest"].fold_scores


def test_an_algorithm_that_fails_is_a_failed_row_and_no_more(tmp_path):
    task = made(tmp_path, houses(60), "price", folds=3)
    broken = replace(ALGORITHMS["tree"], key="broken", label="Broken")
    rows = rows_of(run(task, [ALGORITHMS["baseline"], broken, ALGORITHMS["linear"]], tmp_path))
    assert rows["broken"].status == "failed"
    assert rows["broken"].error.startswith("The fit failed")
    assert rows["linear"].status == rows["baseline"].status == "succeeded"


def test_the_budget_is_kept_and_nobody_is_scored_on_fewer_folds(tmp_path, monkeypatch):
    task = made(tmp_path, flowers(240), "kind")
    pool = PacedPool(
        monkeypatch, {"baseline": 0.1, "linear": 1.0, "mlp": 2.0, "forest": 40.0, "svm": 100.0}
    )
    keys, deadline = ["linear", "svm", "mlp", "forest"], pool.now + 60
    rows = rows_of(run(task, keys, tmp_path, deadline=deadline, pool=pool))
    assert pool.now <= deadline + 3
    assert set(rows) == {"baseline", *keys}
    succeeded = {key for key, row in rows.items() if row.status == "succeeded"}
    assert succeeded == {"baseline", "linear", "mlp"}
    for row in rows.values():
        assert len(row.fold_scores) == (5 if row.status == "succeeded" else 0)
        assert row.status == "succeeded" or "out of time" in row.error


def test_a_budget_that_is_over_before_it_begins_still_gives_a_model_and_its_file(tmp_path):
    task = made(tmp_path, houses(60), "price", folds=3)
    rows = rows_of(run(task, ["linear", "tree"], tmp_path, deadline=time.monotonic() - LATE))
    assert rows["baseline"].status == "succeeded"
    assert {rows["linear"].status, rows["tree"].status} == {"skipped"}
    assert (tmp_path / "out" / "baseline.skops").stat().st_size > 0


def test_the_moment_after_the_end_is_for_the_first_model_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("training.evaluation.budget.LATE", PATIENCE)  # enough on any machine
    task = made(tmp_path, houses(60), "price", folds=3)
    rows = rows_of(run(task, ["linear", "tree"], tmp_path, deadline=time.monotonic() - 1))
    statuses = {key: row.status for key, row in rows.items()}
    assert statuses == {"baseline": "succeeded", "linear": "succeeded", "tree": "skipped"}
    assert (tmp_path / "out" / "linear.skops").stat().st_size > 0


@pytest.mark.parametrize("fold", [0.5, 2.0, 3.0])
def test_ten_seconds_give_more_than_a_baseline_however_slow_the_first_model_is(
    tmp_path, monkeypatch, fold
):
    # A fold of 50,000 rows takes 0.4 s of a processor, and up to 3 s of a busy machine.
    task = made(tmp_path, flowers(240), "kind")
    paces = {"baseline": fold, **dict.fromkeys(("linear", "tree", "lightgbm", "boosting"), fold)}
    pool = PacedPool(monkeypatch, paces)
    deadline = pool.now + 10
    keys = ["linear", "tree", "lightgbm", "boosting"]
    rows = rows_of(run(task, keys, tmp_path, deadline=deadline, pool=pool))
    assert rows["linear"].status == "succeeded"
    assert (tmp_path / "out" / "linear.skops").stat().st_size > 0
    assert pool.now <= deadline + 3 * fold


def test_signs_of_life_come_while_a_fit_is_long(tmp_path, monkeypatch):
    task = made(tmp_path, flowers(240), "kind", folds=3)
    plan, _ = make_plan(task.columns)
    pool = PacedPool(monkeypatch, {"baseline": 0.1, "svm": 100.0})
    beats = [pool.now]
    settings = EvaluationLimits(2, pool.now + 1000)
    events = evaluate(
        make_experiment(task, plan, 0), chosen(["svm"]), settings, pool, tmp_path, tmp_path / "out"
    )
    for event in events:
        if isinstance(event, Pulse):
            beats.append(pool.now)
            assert 0 <= event.done <= 1
            assert event.remaining >= 0
    assert beats[-1] - beats[0] > 200
    assert max(np.diff(beats)) <= 1


def test_models_within_noise_are_marked_as_ties():
    metric = ranking_metric("binary")

    def row(key: str, *scores: float) -> LeaderboardRow:
        return LeaderboardRow(
            key, key, "succeeded", score=float(np.mean(scores)), fold_scores=scores
        )

    board = rank(
        [
            row("worse", 0.70, 0.71, 0.69, 0.70, 0.70),
            row("close", 0.90, 0.84, 0.91, 0.86, 0.89),
            row("best", 0.89, 0.87, 0.90, 0.88, 0.88),
            LeaderboardRow("none", "none", "skipped", error="Skipped: out of time."),
        ],
        metric,
    )
    assert [entry.algorithm for entry in board] == ["best", "close", "worse", "none"]
    assert [entry.tied for entry in board] == [True, True, False, False]


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_hostile_names_are_drawn_and_stay_text(problem, tmp_path):
    chance = np.random.default_rng(0)
    classes = (HOSTILE, "b", "c")[: 2 if problem == "binary" else 3]
    if problem == "regression":
        truth = chance.normal(size=50)
        answered, classes = truth + chance.normal(size=50), ()
    else:
        truth = chance.integers(0, len(classes), 50)
        answered = chance.dirichlet(np.ones(len(classes)), 50)
    plots = draw_all("linear", problem, truth, answered, classes, HOSTILE, tmp_path)
    importance = [
        {"column": f"{HOSTILE}{n}", "mean": 0.1 / (n + 1), "std": 0.01} for n in range(20)
    ]
    plots.append(draw_importance("linear", importance, HOSTILE, tmp_path))
    for plot in plots:
        assert plot.title
        assert plot.sentence.endswith(".")
        for name in (plot.file, plot.file.replace(".svg", "-dark.svg")):
            drawing = (tmp_path / name).read_text()
            assert "<script" not in drawing
            assert drawing.startswith("<?xml")


def test_letters_of_any_script_are_kept_as_text(tmp_path):
    importance = [{"column": "身高", "mean": 0.1, "std": 0.01}]
    plot = draw_importance("linear", importance, "年齢", tmp_path)
    assert "身高" in (tmp_path / plot.file).read_text()


def test_a_rare_class_is_in_every_part():
    frame = pd.DataFrame({"x": np.arange(100.0), "y": pd.Categorical(["a"] * 92 + ["b"] * 8)})
    seen = preview(frame.to_csv(index=False).encode(), 10**6)
    task = make_learning_task(frame, seen.columns, "y")
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    assert set(experiment.truth[experiment.holdout]) == {0, 1}
    for train, test in experiment.folds:
        assert set(experiment.truth[train]) == set(experiment.truth[test]) == {0, 1}
        assert not set(train) & set(test)
        assert not set(experiment.holdout) & (set(train) | set(test))


def test_a_real_table_with_gaps_and_text_is_learnt(tmp_path):
    task = load(real_table("titanic"), "Survived")
    rows = rows_of(run(task, ["boosting"], tmp_path))
    assert rows["boosting"].score > 0.83
    assert rows["baseline"].score == pytest.approx(0.5)
