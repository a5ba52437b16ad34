"""Plots of a regression: predicted against actual, residuals, error quantiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import PredictionErrorDisplay

from training.plots.figure import ACCENT, FAINT, INK, Drawing, square


def error_quantiles(error: np.ndarray, target: str) -> Drawing:
    """Draw which share of the rows has which absolute `error`, (rows,)."""
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


_POINTS = 2000


def draw_regression(truth: np.ndarray, predicted: np.ndarray, target: str) -> Iterator[Drawing]:
    error = np.abs(predicted - truth)
    dots = {"color": ACCENT, "alpha": 0.4, "s": 12, "linewidths": 0}
    line = {"color": INK, "linewidth": 1}
    common = {"subsample": _POINTS, "random_state": 0, "scatter_kwargs": dots, "line_kwargs": line}
    figure, axes = square()
    PredictionErrorDisplay.from_predictions(
        truth, predicted, kind="actual_vs_predicted", ax=axes, **common
    )
    axes.set(xlabel=f"Predicted {target}", ylabel=f"Actual {target}")
    yield (
        "predicted",
        "Predicted and actual",
        f"Half of the predictions are off by less than {np.median(error):,.4g}, nine in ten by "
        f"less than {np.quantile(error, 0.9):,.4g}; dots on the line are right.",
        figure,
    )
    figure, axes = square()
    PredictionErrorDisplay.from_predictions(
        truth, predicted, kind="residual_vs_predicted", ax=axes, **common
    )
    axes.set(xlabel=f"Predicted {target}", ylabel="Actual − predicted")
    bias = float(np.mean(truth - predicted))
    low, high = np.quantile(predicted, [0.25, 0.75])
    inner, outer = error[predicted <= low].mean(), error[predicted >= high].mean()
    trend = "larger" if outer > 1.25 * inner else "smaller" if inner > 1.25 * outer else "alike"
    ending = (
        "as large for small as for large predictions"
        if trend == "alike"
        else (f"{trend} for large predictions than for small ones")
    )
    yield (
        "residuals",
        "Residuals",
        f"The mean error is {bias:,.3g}; errors are {ending}. A bend means a pattern was missed.",
        figure,
    )
    yield error_quantiles(error, target)
