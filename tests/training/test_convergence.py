"""When more models help no more, and the line of the best score that pages show."""

from itertools import count

import numpy as np
import pytest

from tests.support.experiments import made
from tests.support.training_pages import finished, signed_in
from tests.support.training_tables import flowers, houses
from training.evaluation.convergence import Convergence
from training.metrics import ranking_metric
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.models.training_job import TrainingJob
from training.results.score_line import ScoreLine
from training.web.score_chart import HEIGHT, WIDTH, score_chart


def converging(folder, rows: int = 100) -> tuple[Convergence, np.ndarray]:
    """The convergence of a table with so many rows, and what a perfect model would answer."""
    task = made(folder, houses(rows), "price")
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    seconds = count(0, 2)
    convergence = Convergence(experiment, lambda: float(next(seconds)))
    return convergence, experiment.truth[experiment.tested]


@pytest.mark.parametrize(("rows", "patience"), [(100, 4), (101, 8), (500, 8), (501, 15)])
def test_small_tables_are_done_after_few_models_that_do_not_help(tmp_path, rows, patience):
    convergence, truth = converging(tmp_path, rows)
    chance = np.random.default_rng(0)
    convergence.add(np.full(len(truth), truth.mean()))
    convergence.add(truth + chance.normal(0, 9, len(truth)))
    assert convergence.in_vain == 0
    for _ in range(patience):
        assert convergence.ahead > 0
        convergence.add(truth + chance.normal(0, 300, len(truth)))
    assert convergence.ahead == 0
    assert convergence.in_vain == patience
    convergence.restart()
    for _ in range(3):
        convergence.drop()
    assert (convergence.ahead, convergence.in_vain) == (patience - 1.5, 3)


def test_a_model_that_errs_elsewhere_helps_although_it_is_not_better_alone(tmp_path):
    convergence, truth = converging(tmp_path)
    chance = np.random.default_rng(0)
    convergence.add(np.full(len(truth), truth.mean()))
    for spread in (9, 10, 10):
        convergence.add(truth + chance.normal(0, spread, len(truth)))
        assert convergence.in_vain == 0
    scores = [score for _, score in convergence.line.to_json()]
    assert scores == sorted(scores, reverse=True), "an error that falls"
    assert scores[-1] < 8


def test_the_line_is_bounded_and_keeps_its_ends_and_its_large_steps():
    line = ScoreLine(sign=-1)
    for n in range(500):
        line.add(float(n), -100.0 / (n + 1))
        line.add(n + 0.5, -1000.0)
    steps = line.to_json()
    assert len(steps) <= 62
    assert steps[0] == [0.0, 100.0]
    assert steps[1] == [1.0, 50.0]
    assert steps[-2] == [499.0, 0.2]
    assert steps[-1] == [499.5, 0.2], "what was best still is"
    assert ScoreLine(sign=1).to_json() == []


@pytest.mark.parametrize(("metric", "rising"), [("rmse", False), ("r2", True)])
def test_up_is_better_in_the_drawing_whatever_the_measure(metric, rising):
    sign = ranking_metric("regression", metric).sign
    line = [[0.5, -90.0 * sign], [1.0, 5.0 * sign], [4.0, 7.0 * sign], [10.0, 7.0 * sign]]
    chart = score_chart({"problem": "regression", "metric": metric, "line": line})
    assert chart is not None
    places = [tuple(map(float, pair.split(","))) for pair in chart.points.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert places[0][1] > places[-1][1]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert (chart.first, chart.last) == (5.0 * sign, 7.0 * sign)
    assert (chart.since, chart.seconds) == (4.0, 10.0)
    assert score_chart({"problem": "regression", "metric": metric, "line": line[:1]}) is None
    assert score_chart({}) is None


@pytest.mark.django_db
def test_the_page_draws_the_line(ann, folder):
    page = signed_in(ann)
    job = finished(page, flowers())
    result = job.result = TrainingJob.objects.get().result
    line = [[0.3, 0.33], [1.0, 0.6], [7.0, 0.9], [12.0, 0.9]]
    TrainingJob.objects.update(result={**result, "line": line})
    text = page.get(job.get_absolute_url()).content.decode()
    assert 'aria-label="Balanced accuracy from 0.6' in text
    assert "no better until 12 s" in text
    TrainingJob.objects.update(result=result)
    assert "score-chart" not in page.get(job.get_absolute_url()).content.decode()
