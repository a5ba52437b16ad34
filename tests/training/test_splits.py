"""How rows are split: at random, by groups, by time."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.experiments import made, rows_of, run
from tests.support.training_tables import flowers, houses
from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import make_learning_task
from training.problem.column_roles import Roles
from training.problem.problem_type import TargetError


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
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    for learnt, tested in [*experiment.folds, (experiment.train, experiment.holdout)]:
        assert not set(task.groups[learnt]) & set(task.groups[tested])
    assert sorted(experiment.tested) == sorted(experiment.train)


def test_the_past_answers_for_the_future(tmp_path):
    task = table_of(tmp_path, ["time"])
    experiment, events = run(task, ["linear"], tmp_path)
    for learnt, tested in [*experiment.folds, (experiment.train, experiment.holdout)]:
        assert task.times[learnt].max() < task.times[tested].min()
    assert len(experiment.folds) == 4
    assert len(experiment.tested) < len(experiment.train)
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
        make_experiment(task, make_plan(task.columns)[0], 0)


def test_a_class_that_one_side_lacks_is_named(tmp_path):
    task = made(tmp_path, flowers(240), "kind", folds=4)
    late = (task.answers == "c").astype(int)
    with pytest.raises(TargetError, match="no row of the class “"):
        make_experiment(
            replace(task, times=late * 1000 + np.arange(240)), make_plan(task.columns)[0], 0
        )


def test_roles_reach_the_split(tmp_path):
    frame = made(tmp_path, houses(200), "price").features
    frame["price"] = np.arange(200.0)
    seen = made(tmp_path, houses(200), "price").columns
    columns = [*seen, replace(seen[0], name="price", distinct=200)]
    task = make_learning_task(frame, columns, "price", 3, "regression", Roles(time="size"))
    assert task.times is not None
