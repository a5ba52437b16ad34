"""The measure that ranks: chosen by its owner, refused where it does not fit, kept everywhere."""

import json
import random

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client

from jobsite.jobs.execution.outcome import JobFailed
from tests.support.training_runs import kept, predicted, report
from tests.support.training_tables import flowers, houses
from training.algorithms import model_file
from training.evaluation.scoring import (
    best_threshold,
    predict,
    ranking_score,
    score,
)
from training.exports.train_script import again, experiment_of
from training.metrics import METRICS, ranking_metric
from training.models.training_job import TrainingJob
from training.problem.problem_type import TargetError
from training.tasks import train
from training.tasks.train import facts_of

CHOICES = [(p, m.key) for p in ("binary", "multiclass", "regression") for m in METRICS[p]]


def rare(rows: int = 400) -> bytes:
    """A table of two classes that overlap; one of them is one row in ten."""
    chance = random.Random(0)
    lines = ["a,b,answer"]
    for row in range(rows):
        is_rare = row % 10 == 0
        a, b = (chance.gauss(1.2 * is_rare, 1) for _ in range(2))
        lines.append(f"{a:.3f},{b:.3f},{'bad' if is_rare else 'good'}")
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize(("problem", "key"), CHOICES)
def test_the_quick_measure_is_that_of_the_leaderboard(problem, key):
    chance = np.random.default_rng(0)
    classes = {"regression": 0, "binary": 2, "multiclass": 3}[problem]
    truth = chance.integers(0, classes, 60) if classes else chance.gamma(2.0, size=60)
    noise = chance.normal(size=60)
    answers = chance.dirichlet([1.0] * classes, 60).round(1) + 1e-9 if classes else truth + noise
    metric = ranking_metric(problem, key)
    cut = None
    if problem == "binary" and key in {"accuracy", "balanced_accuracy", "f1"}:
        cut = best_threshold(key, truth, answers)
        tried = [score(problem, truth, answers, t)[key] for t in np.linspace(0, 1, 101)]
        assert score(problem, truth, answers, cut)[key] >= max(tried)
    exact = metric.sign * score(problem, truth, answers, cut)[key]
    assert ranking_score(key, truth, answers) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("problem", "key", "values", "said"),
    [
        ("regression", "rmsle", (-3.0, 0.5), "has negative ones. Here fit: RMSE (rmse)"),
        ("regression", "mape", (-3.0, 0.0), "is 0 in some rows"),
        ("regression", "roc_auc", (), "ROC AUC does not measure a number"),
        ("multiclass", "f1", (), "Log loss (log_loss), Accuracy (accuracy)"),
        ("binary", "f1_macro", (), "Macro F1 does not measure two classes. Here fit: ROC AUC"),
    ],
)
def test_a_measure_that_does_not_fit_is_refused_with_those_that_do(problem, key, values, said):
    with pytest.raises(TargetError, match="Here fit") as refused:
        ranking_metric(problem, key, "x", values)
    assert said in str(refused.value)
    assert f"({key})" not in str(refused.value)


@pytest.mark.parametrize(("problem", "key"), [("multiclass", "log_loss"), ("regression", "rmse")])
def test_the_usual_measure_is_the_first(problem, key):
    assert ranking_metric(problem).key == key


@pytest.mark.django_db
def test_the_measure_ranks_sets_thresholds_and_is_kept_in_files(ann, folder):
    dataset = kept(ann, folder, rare())
    job = TrainingJob.of(dataset, "answer", ["linear", "tree", "knn"], folds=3, metric="f1")
    result = json.loads(json.dumps(train.run(job, report(job.draft))))
    job.publish()
    job.result = result
    assert result["metric"] == "f1"
    assert result["metric_reason"] == "Ranked by F1, as you chose."
    board = [row for row in result["leaderboard"] if row["status"] == "succeeded"]
    for row in board:
        assert row["score"] == pytest.approx(row["metrics"]["f1"])
    linear = next(row for row in board if row["algorithm"] == "linear")
    assert 0.1 < linear["threshold"] < 0.5, "rare rows are found by a lower threshold alone"
    assert "from a probability of 0." in linear["note"]
    # The file, the answers and the script say the same.
    table = (folder / "t.csv").read_bytes().decode()
    found, answers = predicted(job, folder, table)
    assert {row["predicted answer"] for row in answers} == {"good", "bad"}
    for row in answers:
        is_bad = float(row["probability of bad"]) >= linear["threshold"]
        assert (row["predicted answer"] == "bad") == is_bad
        assert row["probability"] == row[f"probability of {row['predicted answer']}"]
    assert any("bad" in one["answer"] for one in found["predictions"])
    recipe = {**facts_of(job), "metric": "f1", "leaderboard": board}
    experiment = experiment_of(recipe, dataset.path)
    model = model_file.load(job.artifacts / "linear.skops")
    chance = predict(model, experiment.features, experiment.classes)[:, 1]
    assert list(model.predict(experiment.features) == "bad") == list(chance >= linear["threshold"])
    for row, results in again(experiment, board):
        scores = [one.scores["f1"] for one in results]
        assert scores == pytest.approx(row["fold_scores"], abs=1e-9)


@pytest.mark.django_db
def test_a_measure_that_the_whole_table_forbids_ends_with_a_sentence(ann, folder):
    lines = houses(120).decode().splitlines()
    data = "\n".join([*lines, "50,2,Ayr,0"]) + "\n"
    job = TrainingJob.of(kept(ann, folder, data), "price", ["linear"], metric="mape")
    with pytest.raises(JobFailed, match="is 0 in some rows"):
        train.run(job, report(job.draft))


@pytest.mark.django_db
def test_the_page_and_the_command_take_it_and_refuse_it(ann, folder, capsys):
    dataset = kept(ann, folder, flowers())
    page = Client()
    page.force_login(ann)
    form = {"target": "kind", "algorithms": ["tree"], "time_limit": 60}
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert '<option value="f1_macro">Macro F1</option>' in text
    answer = page.post(dataset.get_absolute_url(), form | {"metric": "rmse"}).content.decode()
    assert "RMSE does not measure several classes" in answer
    page.post(dataset.get_absolute_url(), form | {"metric": "accuracy"})
    job = TrainingJob.objects.get()
    assert job.metric == "accuracy"
    text = page.get(f"{dataset.get_absolute_url()}?again={job.pk}").content.decode()
    assert '<option value="accuracy" selected>' in text
    words = ["train", str(folder / "t.csv"), "--target", "kind", "--user", "ann", "--metric"]
    for metric, status in (("f1_macro", 0), ("roc_auc", 2), ("magic", 2)):
        with pytest.raises(SystemExit) as ended:
            call_command(*words, metric)
        assert ended.value.code == status
    said = capsys.readouterr().err
    assert "no measure named “magic”" in said
    assert "ROC AUC does not measure several classes" in said
    assert TrainingJob.objects.filter(metric="f1_macro").count() == 1
