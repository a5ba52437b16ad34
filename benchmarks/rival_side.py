"""The other side of `make bench-quality`: a rival on one table. Runs in an environment of its own.

Arguments: TOOL TRAIN.csv TEST.csv TARGET PROBLEM SECONDS CORES OUT.csv. Standard output: seconds
taken. Each tool is told the measure that it is judged by.
"""

import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Answer = tuple[Any, Any, Any]
"""The answers, and for classes their shares in columns and the names of those columns."""


@dataclass(frozen=True)
class LearningTask:
    """What is learnt: features and answers, the features that are asked, and the budget."""

    x: pd.DataFrame
    y: pd.Series
    asked: pd.DataFrame
    problem: str
    seconds: float
    cores: int


def flaml(task: LearningTask) -> Answer:
    """FLAML: boosters and forests, tuned by cost."""
    automl = importlib.import_module("flaml").AutoML()
    metrics = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
    automl.fit(
        X_train=task.x, y_train=task.y,
        task="regression" if task.problem == "regression" else "classification",
        metric=metrics[task.problem],
        time_budget=task.seconds, n_jobs=task.cores, seed=0, verbose=0,
    )  # fmt: skip
    if task.problem == "regression":
        return automl.predict(task.asked), None, None
    return automl.predict(task.asked), automl.predict_proba(task.asked), automl.classes_


def mljar(task: LearningTask) -> Answer:
    """mljar-supervised in its mode for the best model."""
    tasks = {"binary": "binary_classification", "multiclass": "multiclass_classification"}
    metrics = {"binary": "auc", "multiclass": "logloss", "regression": "rmse"}
    with tempfile.TemporaryDirectory() as folder:
        automl = importlib.import_module("supervised.automl").AutoML(
            results_path=f"{folder}/results", mode="Compete", total_time_limit=int(task.seconds),
            ml_task=tasks.get(task.problem, "regression"), eval_metric=metrics[task.problem],
            n_jobs=task.cores, random_state=0, verbose=0,
        )  # fmt: skip
        automl.fit(task.x, task.y)
        if task.problem == "regression":
            return automl.predict(task.asked), None, None
        made = automl.predict_all(task.asked)
        names = [name for name in made.columns if name.startswith("prediction_")]
        classes = [name.removeprefix("prediction_") for name in names]
        return made["label"], made[names], classes


def autogluon(task: LearningTask) -> Answer:
    """AutoGluon's tabular part with the boosters, without networks."""
    kinds = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
    metrics = {
        "binary": "roc_auc",
        "multiclass": "log_loss",
        "regression": "root_mean_squared_error",
    }
    with tempfile.TemporaryDirectory() as folder:
        made = importlib.import_module("autogluon.tabular").TabularPredictor(
            label="answer", path=folder, verbosity=0,
            problem_type=kinds[task.problem], eval_metric=metrics[task.problem],
        )  # fmt: skip
        made.fit(task.x.assign(answer=task.y), time_limit=task.seconds, num_cpus=task.cores)
        if task.problem == "regression":
            return made.predict(task.asked), None, None
        shares = made.predict_proba(task.asked)
        return made.predict(task.asked), shares, list(shares.columns)


def lightgbm(task: LearningTask) -> Answer:
    """LightGBM alone with tuned defaults (arXiv 2407.04491), stopped on a fifth of the rows."""
    lgb = importlib.import_module("lightgbm")
    split = importlib.import_module("sklearn.model_selection").train_test_split
    x, asked = task.x.copy(), task.asked.copy()
    for name in x.select_dtypes(exclude="number"):
        kind = pd.CategoricalDtype(x[name].dropna().unique())
        x[name], asked[name] = x[name].astype(kind), asked[name].astype(kind)
    is_numbers = task.problem == "regression"
    common = {
        "n_estimators": 1000, "subsample_freq": 1, "min_sum_hessian_in_leaf": 1e-7,
        "n_jobs": task.cores, "random_state": 0, "verbose": -1,
    }  # fmt: skip
    if is_numbers:
        model = lgb.LGBMRegressor(
            learning_rate=0.05, num_leaves=100, min_child_samples=3, subsample=0.7, **common
        )
    else:
        model = lgb.LGBMClassifier(
            learning_rate=0.04, num_leaves=50, min_child_samples=40, subsample=0.75, **common
        )
    learnt, kept, y, y_kept = split(
        x, task.y, test_size=0.2, random_state=0, stratify=None if is_numbers else task.y
    )
    stop = lgb.early_stopping(100, verbose=False)
    metric = {"binary": "auc", "multiclass": "multi_logloss", "regression": "rmse"}[task.problem]
    model.fit(learnt, y, eval_set=[(kept, y_kept)], eval_metric=metric, callbacks=[stop])
    if is_numbers:
        return model.predict(asked), None, None
    return model.predict(asked), model.predict_proba(asked), model.classes_


TOOLS: dict[str, Callable[[LearningTask], Answer]] = {
    tool.__name__: tool for tool in (lightgbm, flaml, mljar, autogluon)
}


def main() -> None:
    """Fit, predict, write."""
    tool, train, test, target, problem, seconds, cores, out = sys.argv[1:]
    learnt, asked = pd.read_csv(train), pd.read_csv(test)
    task = LearningTask(
        learnt.drop(columns=[target]), learnt[target], asked.drop(columns=[target]),
        problem, float(seconds), int(cores),
    )  # fmt: skip
    began = time.monotonic()
    answers, shares, classes = TOOLS[tool](task)
    taken = time.monotonic() - began
    made: dict[str, Any] = {f"predicted {target}": np.asarray(answers)}
    if shares is not None:
        for name, share in zip(classes, np.asarray(shares).T, strict=True):
            made[f"probability of {name}"] = share
    pd.DataFrame(made).to_csv(out, index=False)
    print(taken)


if __name__ == "__main__":
    main()
