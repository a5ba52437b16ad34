"""The learning curve: the score against the number of rows to learn from."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib as mpl
import numpy as np

from jobsite.jobs.formats import score
from training.metrics import Metric
from training.plots.figure import ACCENT, FAINT, STYLE, Drawing, square

_SHARES = (0.2, 0.4, 0.7, 1.0)


def learning_curve(
    score_of: Callable[[np.ndarray], float],
    rows: np.ndarray,
    metric: Metric,
    seed: int,
    spread: float,
) -> Drawing:
    """Draw the score on one fold after learning from a part of the rows.

    `spread` is the standard deviation of the score over the folds: a smaller gain is chance.
    """
    order = np.random.default_rng(seed).permutation(rows)
    sizes = [int(len(order) * share) for share in _SHARES]
    scores = [score_of(np.sort(order[:size])) for size in sizes]
    with mpl.rc_context(STYLE):
        figure, axes = square()
        axes.plot(sizes, scores, "o-", color=ACCENT)
        axes.axhline(scores[-1], color=FAINT, linewidth=0.8)
        axes.set(xlabel="Rows to learn from", ylabel=metric.label)
    gain = (scores[-1] - scores[-2]) * metric.sign
    whole = abs(scores[-1] - scores[0]) or 1.0
    if 0 < gain <= spread:
        verdict = f"less than folds differ by ({score(spread)}), so that this does not tell"
    else:
        verdict = "more rows would probably help" if gain > 0.1 * whole else "more rows help little"
    sentence = (
        f"From {sizes[-2]:,} to {sizes[-1]:,} rows {metric.label} goes from {score(scores[-2])} to "
        f"{score(scores[-1])} on one fold: {verdict}."
    )
    return "learning_curve", "Learning curve", sentence, figure
