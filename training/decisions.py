"""Plots for whoever has to act on answers: thresholds and their cost, scores, sizes of errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.plots.figure import Drawing, square
from training.svg import ACCENT, FAINT, INK, SECOND

_STEPS = np.linspace(0, 1, 101)
# What a missed positive costs beside a false alarm.
_RATIOS = ((1, SECOND), (5, ACCENT))


def threshold(truth: np.ndarray, chance: np.ndarray, positive: str) -> Drawing:
    """Draw the cost of each threshold, for several prices of a miss."""
    found = np.sort(chance[truth == 1])
    alarms = np.sort(chance[truth == 0])
    missed = np.searchsorted(found, _STEPS)
    false = len(alarms) - np.searchsorted(alarms, _STEPS)
    figure, axes = square()
    best = {}
    for ratio, color in _RATIOS:
        cost = (ratio * missed + false) / len(truth)
        best[ratio] = float(_STEPS[np.argmin(cost)])
        axes.plot(_STEPS, cost, color=color, label=f"A miss costs {ratio} ×")
        axes.plot(best[ratio], cost.min(), "o", color=color)
    axes.set(xlabel="Threshold", ylabel="Cost per row, in false alarms")
    axes.legend()
    sentence = (
        f"Where a missed “{positive}” costs as much as a false alarm, say so above "
        f"{best[1]:.2f}; where it costs five times as much, above {best[5]:.2f}."
    )
    return "threshold", "Threshold against cost", sentence, figure


def histogram(truth: np.ndarray, chance: np.ndarray, classes: Sequence[str]) -> Drawing:
    """Draw how the probabilities of both classes lie."""
    figure, axes = square()
    for position, color in ((0, FAINT), (1, ACCENT)):
        part = chance[truth == position]
        axes.hist(part, 30, range=(0, 1), color=color, alpha=0.6, label=classes[position])
    axes.axvline(0.5, color=INK, linewidth=0.8)
    axes.set(xlabel=f"Predicted probability of {classes[1]}", ylabel="Rows")
    axes.legend()
    middle = float(np.mean((chance > 0.25) & (chance < 0.75)))
    sentence = (
        f"{middle:.0%} of the rows lie between 0.25 and 0.75, where the model is unsure; the less "
        "the two colours overlap, the better."
    )
    return "histogram", "Scores by class", sentence, figure


def error_quantiles(error: np.ndarray, target: str) -> Drawing:
    """Draw which share of the rows is answered how well."""
    figure, axes = square()
    size = np.sort(error)[:: max(1, len(error) // 1000)]
    axes.plot(size, np.linspace(0, 1, len(size)), color=ACCENT)
    half, most = np.quantile(error, [0.5, 0.9])
    for value in (half, most):
        axes.axvline(value, color=FAINT, linewidth=0.8)
    axes.set(
        xlabel=f"Error of {target}", ylabel="Share of rows", xlim=(0, np.quantile(error, 0.99))
    )
    sentence = (
        f"Half of the rows are within {half:,.4g} of the truth, nine in ten within {most:,.4g}; "
        f"the worst one is off by {error.max():,.4g}."
    )
    return "error_quantiles", "Sizes of the errors", sentence, figure
