"""Which rows train, which test, and which are kept apart to the end."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from training.fits import Contest
from training.pipeline import Plan
from training.problem import REGRESSION
from training.target import HOLD_OUT, Task


def make_contest(task: Task, plan: Plan, seed: int) -> Contest:
    """Split the rows of a task; classes keep their shares in every part."""
    if task.kind == REGRESSION:
        truth, stratify = task.answers, None
    else:
        positions = {name: position for position, name in enumerate(task.classes)}
        truth = np.array([positions[str(answer)] for answer in task.answers])
        stratify = truth
    train, holdout = train_test_split(
        np.arange(task.rows), test_size=HOLD_OUT, random_state=seed, stratify=stratify
    )
    make = KFold if task.kind == REGRESSION else StratifiedKFold
    splitter = make(task.folds, shuffle=True, random_state=seed)
    folds = tuple((train[a], train[b]) for a, b in splitter.split(train, truth[train]))
    return Contest(
        problem=task.kind,
        classes=task.classes,
        target=task.target,
        features=task.features,
        answers=task.answers,
        truth=truth,
        plan=plan,
        seed=seed,
        train=train,
        holdout=holdout,
        folds=folds,
    )
