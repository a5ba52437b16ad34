"""Tuning, the ensemble and the early end of a contest."""

import numpy as np
import pytest

from tests.support.experiments import made, rows_of, run
from tests.support.paced_pool import PacedPool
from tests.support.training_tables import flowers, houses
from training.algorithms import model_file
from training.algorithms.catalogue import chosen
from training.evaluation.budget import EvaluationLimits
from training.evaluation.ensemble import fit_weights
from training.evaluation.events import Explained, RowAdded
from training.evaluation.runner import evaluate
from training.evaluation.scoring import predict, score
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    task = made(folder, houses(150), "price", folds=3)
    keys = ["tree", "knn", "extra_trees"]
    experiment, events = run(task, keys, folder, tune=True, ensemble=True)
    return task, experiment, events, folder / "out"


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
        assert "Tuned, the best of " in last.note
        assert len(last.fold_scores) == 3


def test_the_ensemble_is_a_row_with_a_file_that_answers_as_its_members_do(tuned):
    task, experiment, events, out = tuned
    row = rows_of(events)["ensemble"]
    weights = row.settings["weights"]
    assert sum(weights.values()) == pytest.approx(1)
    assert len(row.fold_scores) == 3
    whole = model_file.load(out / "ensemble.skops")
    table = experiment.features.iloc[experiment.holdout]
    members = zip(whole.estimators_, weights.values(), strict=True)
    mean = sum(predict(member, table, ()) * weight for member, weight in members)
    assert np.allclose(predict(whole, table, ()), mean)
    parts = [e.parts for e in events if isinstance(e, Explained) and e.algorithm == "ensemble"]
    found = score(task.kind, experiment.truth[experiment.holdout], mean)
    assert parts[-1] == {"refitted": True}
    assert parts[0]["holdout"]["rmse"] > found["rmse"], "checked before it was fitted on all rows"


def test_the_file_of_the_best_model_is_fitted_on_all_rows_after_its_check(tuned):
    _, experiment, events, out = tuned
    again = [e.algorithm for e in events if isinstance(e, Explained) and "refitted" in e.parts]
    best = next(key for key in again if key != "ensemble")
    checked = next(e.parts for e in events if isinstance(e, Explained) and e.algorithm == best)
    table, truth = (
        part[experiment.holdout] for part in (experiment.features.iloc, experiment.truth)
    )
    found = score(
        experiment.problem, truth, predict(model_file.load(out / f"{best}.skops"), table, ())
    )
    assert checked["holdout"]["rmse"] != found["rmse"]
    assert {path.suffix for path in out.iterdir()} <= {".skops", ".svg"}


def test_an_ensemble_of_classes_survives_its_file(tmp_path):
    task = made(tmp_path, flowers(240), "kind", folds=3)
    experiment, events = run(task, ["linear", "knn", "mlp"], tmp_path, ensemble=True)
    assert rows_of(events)["ensemble"].status == "succeeded"
    whole = model_file.load(tmp_path / "out" / "ensemble.skops")
    assert set(whole.predict(experiment.features)) <= set(task.classes)


def answers_around(experiment, *spreads):
    """Answers that miss the truth by so much, of a model each."""
    truth, chance = experiment.truth[experiment.tested], np.random.default_rng(0)
    return {f"m{n}": truth + chance.normal(0, std, len(truth)) for n, std in enumerate(spreads)}


def test_models_that_err_apart_are_averaged_and_weak_ones_left_out(tmp_path):
    task = made(tmp_path, houses(100), "price")
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    answers = answers_around(experiment, 10, 10, 10, 90, 90)
    made_of = fit_weights(experiment, answers, dict.fromkeys(answers, 1.0), float("inf"))
    assert set(made_of.weights) == {"m0", "m1", "m2"}
    assert sum(made_of.weights.values()) == pytest.approx(1)
    alone = score(task.kind, experiment.truth[experiment.tested], answers["m0"])["rmse"]
    assert max(fold.scores["rmse"] for fold in made_of.folds) < alone


def test_members_whose_last_fits_take_too_long_do_not_join(tmp_path):
    task = made(tmp_path, houses(100), "price")
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    answers = answers_around(experiment, 10, 11, 12)
    costs = {"m0": 1.0, "m1": 50.0, "m2": 1.0}
    assert set(fit_weights(experiment, answers, costs, 5.0).weights) == {"m0", "m2"}
    assert fit_weights(experiment, answers, costs, 0.5).weights == {"m0": 1.0}


def test_an_early_end_keeps_what_is_finished_and_explains_the_best(tmp_path, monkeypatch):
    task = made(tmp_path, flowers(240), "kind", folds=3)
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    ends, never = dict.fromkeys(("baseline", "linear"), 1.0), 1e6
    pool = PacedPool(monkeypatch, ends | dict.fromkeys(("svm", "mlp", "forest"), never))
    seen, began = [], pool.now

    def is_enough() -> bool:
        return "linear" in rows_of(seen)

    limits = EvaluationLimits(2, tune=True, ensemble=True, is_enough=is_enough)
    algorithms = chosen(["linear", "svm", "mlp", "forest"])
    for event in evaluate(experiment, algorithms, limits, pool, tmp_path, tmp_path):
        seen.append(event)
    assert pool.now - began < 10
    rows = rows_of(seen)
    assert rows["linear"].status == rows["baseline"].status == "succeeded"
    for key in ("svm", "mlp", "forest"):
        assert rows[key].error == "Skipped: stopped by you."
    assert (tmp_path / "linear.skops").is_file()
    assert any(
        "Stopped by you" in e.parts.get("note", "") for e in seen if isinstance(e, Explained)
    )
