"""What the sent rows say themselves of the target, and how well the answers fit it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.cells.spelling import by_fold, fold, visible
from training.evaluation.scoring import score
from training.prediction.predict import Answers
from training.problem.problem_type import REGRESSION
from training.reading.conversion import number_in
from training.tables.column_kind import has_value
from training.tables.schema import NUMBER, Column, Dialect

_FEWEST = 2  # measures of one row mean nothing


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """The target of the rows: numbers, or positions of classes; NaN where it is not known."""

    values: np.ndarray
    classes: tuple[str, ...] = ()

    def at(self, row: int) -> str | float | None:
        """Return what the row says, or None."""
        value = float(self.values[row])
        if math.isnan(value):
            return None
        return self.classes[int(value)] if self.classes else value


def read_known(
    texts: pd.Series, target: Column, classes: Sequence[str], dialect: Dialect
) -> KnownAnswers:
    """Read the cells of the target, categories, as the training read them."""
    spelled = by_fold(classes)
    known = np.full(len(texts.cat.categories), np.nan)
    for place, text in enumerate(texts.cat.categories):
        cell = visible(str(text))
        if not has_value(cell, target):
            continue
        number = number_in(cell, target, dialect, bare=True) if target.kind == NUMBER else None
        if classes:
            whole = str(int(number)) if number is not None and number == int(number) else cell
            name = next((n for n in (cell, whole) if n in classes), spelled.get(fold(cell)))
            if name is not None:
                known[place] = classes.index(name)
        elif number is not None:
            known[place] = number
    return KnownAnswers(np.append(known, np.nan)[texts.cat.codes.to_numpy()], tuple(classes))


def score_of(
    problem: str, known: KnownAnswers, answers: Answers, rows: Sequence[int]
) -> dict[str, object] | None:
    """Return the measures of the leaderboard for the rows whose target is known, and how many.

    `rows` are the positions of those that the answers are of. None: too few are known.
    """
    truth = known.values[list(rows)]
    scored = ~np.isnan(truth)
    if scored.sum() < _FEWEST:
        return None
    if problem == REGRESSION:
        predicted = answers.said
    else:
        assert answers.probabilities is not None
        predicted = np.zeros((len(truth), len(known.classes)))
        for place, name in enumerate(answers.classes):
            predicted[:, known.classes.index(name)] = answers.probabilities[:, place]
        truth = np.where(scored, truth, 0).astype("int64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that all have one class: such measures are NaN
        measures = score(problem, truth[scored], predicted[scored], answers.threshold)
    defined = {key: value for key, value in measures.items() if math.isfinite(value)}
    return {"rows": int(scored.sum()), "metrics": defined}
