"""Which rows train, which test, and which are kept apart to the end."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    train_test_split,
)

from training.modelling.experiment import Experiment
from training.modelling.preprocessing import Plan
from training.modelling.task import HOLD_OUT, LearningTask
from training.problem.problem_type import TargetError

_Pairs = Iterator[tuple[np.ndarray, np.ndarray]]


def make_experiment(task: LearningTask, plan: Plan, seed: int) -> Experiment:
    """Split the rows of a task as its roles ask: by time, by groups, or at random."""
    truth = _truth(task)
    if task.times is not None:
        train, holdout, pairs = _by_time(task, task.times)
    elif task.groups is not None:
        train, holdout, pairs = _by_group(task, task.groups, truth, seed)
    else:
        train, holdout, pairs = _at_random(task, truth, seed)
    folds = tuple((train[a], train[b]) for a, b in pairs)
    _refuse_one_sided(task, truth, [*folds, (train, holdout)])
    return Experiment(
        problem=task.kind,
        metric=task.metric,
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
        columns=task.columns,
    )


def how(task: LearningTask) -> str:
    """Return in a sentence how the rows were split."""
    if task.times is not None:
        return (
            "Split by time: each fold learns from the past and predicts what came next, and "
            "the latest rows are held out."
        )
    if task.groups is not None:
        return "Split by groups: rows of one group are never on both sides."
    return ""


def _truth(task: LearningTask) -> np.ndarray:
    if not task.classes:
        return task.answers
    positions = {name: position for position, name in enumerate(task.classes)}
    return np.array([positions[str(answer)] for answer in task.answers])


def _at_random(
    task: LearningTask, truth: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, _Pairs]:
    """Split at random, keeping the shares of classes in every part."""
    # Every class needs a row that is kept apart.
    apart = max(math.ceil(task.rows * HOLD_OUT), len(task.classes))
    if task.rows - apart < 2 * len(task.classes):
        raise TargetError(
            f"{task.rows} rows are too few for {len(task.classes)} classes. Predict a number, "
            "group the values of the target, or add more rows."
        )
    train, holdout = train_test_split(
        np.arange(task.rows),
        test_size=apart,
        random_state=seed,
        stratify=truth if task.classes else None,
    )
    make = StratifiedKFold if task.classes else KFold
    return (
        train,
        holdout,
        make(task.folds, shuffle=True, random_state=seed).split(train, truth[train]),
    )


def _by_group(
    task: LearningTask, groups: np.ndarray, truth: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, _Pairs]:
    there = len(np.unique(groups))
    if there < 2 * task.folds:
        raise TargetError(
            f"There are only {there} groups, too few for {task.folds} folds and a part that is "
            "held out. Choose fewer folds, or no group column."
        )
    apart = GroupShuffleSplit(1, test_size=HOLD_OUT, random_state=seed)
    train, holdout = next(apart.split(truth, groups=groups))
    make = StratifiedGroupKFold if task.classes else GroupKFold
    splitter = make(task.folds, shuffle=True, random_state=seed)
    return train, holdout, splitter.split(train, truth[train], groups[train])


def _by_time(task: LearningTask, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, _Pairs]:
    """Split by time, with all rows of one moment on one side."""
    order = np.argsort(times, kind="stable")
    moments = times[order]
    borders = [
        int(np.searchsorted(moments, moments[int(task.rows * share)]))
        for share in (np.linspace(0, 1 - HOLD_OUT, task.folds + 2)[1:])
    ]
    if borders[0] == 0 or len(set(borders)) < len(borders):
        raise TargetError(
            "Too many rows have the same time to split them by it. Choose fewer folds, or no "
            "time column."
        )
    train, holdout = order[: borders[-1]], order[borders[-1] :]
    numbers = np.arange(len(train))
    return (
        train,
        holdout,
        ((numbers[:start], numbers[start:end]) for start, end in itertools.pairwise(borders)),
    )


def _refuse_one_sided(
    task: LearningTask, truth: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    """Refuse a split in which a class is missing where models learn; of two, also where tested."""
    if not task.classes:
        return
    for learnt, tested in pairs:
        # Of several classes, one may be missing among the rows that are tested.
        for rows in (learnt, tested) if len(task.classes) == 2 else (learnt,):
            counts = np.bincount(truth[rows], minlength=len(task.classes))
            if not counts.all():
                name = task.classes[counts.argmin()]
                raise TargetError(
                    f"Split like this, a part of the rows has no row of the class “{name}”. "
                    "Choose fewer folds, or no group or time column."
                )
