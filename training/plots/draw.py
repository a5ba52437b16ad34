"""Draw the plots that fit a problem."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from training.plots.classification import draw_binary, draw_multiclass
from training.plots.figure import STYLE, Plot, saved
from training.plots.regression import draw_regression
from training.problem.problem_type import BINARY, REGRESSION
from training.text import shown


def draw_all(
    key: str,
    problem: str,
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    target: str,
    out: Path,
    threshold: float | None = None,
) -> list[Plot]:
    """Draw what fits the problem from out-of-fold answers.

    Of two classes the positive one is said from `threshold` on.
    """
    with mpl.rc_context(STYLE):
        if problem == REGRESSION:
            drawings = draw_regression(truth, predicted, shown(target, 30))
        elif problem == BINARY:
            drawings = draw_binary(truth, predicted[:, 1], classes, threshold)
        else:
            drawings = draw_multiclass(truth, predicted, classes)
        return [saved(key, drawing, out) for drawing in drawings]
