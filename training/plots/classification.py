"""Plots of a model as SVG files that are crisp on light and dark pages, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

from training.decisions import error_quantiles, histogram, threshold
from training.plots.figure import Drawing, Plot, saved, square
from training.problem.problem_type import BINARY, REGRESSION
from training.svg import ACCENT, FAINT, INK, SECOND, STYLE
from training.tables.schema import shown

_POINTS = 2000
_SHOWN_COLUMNS = 15
_SHOWN_CLASSES = 40


def draw_all(
    key: str,
    problem: str,
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    target: str,
    out: Path,
) -> list[Plot]:
    """Draw what fits the problem from out-of-fold answers."""
    with mpl.rc_context(STYLE):
        if problem == REGRESSION:
            drawings = _regression(truth, predicted, shown(target, 30))
        elif problem == BINARY:
            drawings = _binary(truth, predicted[:, 1], classes)
        else:
            drawings = _multiclass(truth, predicted, classes)
        return [saved(key, drawing, out) for drawing in drawings]


def draw_importance(key: str, importance: Sequence[dict[str, Any]], target: str, out: Path) -> Plot:
    """Draw how much the score falls when a column is shuffled."""
    with mpl.rc_context(STYLE):
        top = list(importance)[:_SHOWN_COLUMNS][::-1]
        figure = Figure(figsize=(6.4, 1.1 + 0.3 * len(top)))
        axes = figure.add_subplot()
        axes.barh(
            [shown(entry["column"], 28) for entry in _unique(top)],
            [entry["mean"] for entry in top],
            xerr=[entry["std"] for entry in top],
            color=ACCENT,
            ecolor=INK,
        )
        axes.set_xlabel("Loss of score when the column is shuffled")
        axes.axvline(0, color=INK, linewidth=0.8)
        best = top[-1] if top else None
        sentence = (
            f"The model leans most on “{shown(best['column'])}”; bars near zero are columns that "
            f"it hardly needs to predict “{shown(target)}” (hold-out rows, bars ± spread)."
            if best
            else "No column was measured."
        )
        return saved(key, ("importance", "Permutation importance", sentence, figure), out)


def _unique(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Bars are named by their label: two long names that are cut to the same text would merge.
    labels = [shown(entry["column"], 28) for entry in entries]
    return [
        entry
        if labels.count(label) == 1
        else {**entry, "column": f"{position + 1}: {entry['column']}"}
        for position, (entry, label) in enumerate(zip(entries, labels, strict=True))
    ]


def _binary(truth: np.ndarray, chance: np.ndarray, classes: Sequence[str]) -> Iterator[Drawing]:
    positive = shown(classes[1], 24)
    curve: dict[str, Any] = {
        "name": "This model",
        "curve_kwargs": {"color": ACCENT},
        "plot_chance_level": True,
        "chance_level_kw": {"color": FAINT},
    }
    figure, axes = square()
    RocCurveDisplay.from_predictions(truth, chance, ax=axes, **curve)
    axes.set(xlabel="False positive rate", ylabel="True positive rate")
    yield (
        "roc",
        "ROC curve",
        f"A row that is “{positive}” gets a higher probability than one that is not in "
        f"{roc_auc_score(truth, chance):.0%} of pairs; the diagonal is chance.",
        figure,
    )
    figure, axes = square()
    PrecisionRecallDisplay.from_predictions(truth, chance, ax=axes, drop_intermediate=True, **curve)
    axes.set(xlabel="Recall", ylabel="Precision")
    yield (
        "precision_recall",
        "Precision and recall",
        f"Average precision {average_precision_score(truth, chance):.2f}; guessing would give "
        f"{float(np.mean(truth)):.2f}, the share of “{positive}”.",
        figure,
    )
    yield _calibration(truth, chance, positive)
    yield _confusion(truth, (chance > 0.5).astype(int), classes)
    yield threshold(truth, chance, positive)
    yield histogram(truth, chance, [shown(name, 24) for name in classes])
    yield _per_class(truth, (chance > 0.5).astype(int), classes)


def _calibration(truth: np.ndarray, chance: np.ndarray, positive: str) -> Drawing:
    figure, axes = square()
    display = CalibrationDisplay.from_predictions(
        truth, chance, n_bins=10, strategy="quantile", ax=axes, color=ACCENT
    )
    axes.set(xlabel="Predicted probability", ylabel=f"Share of {positive}")
    axes.get_legend().remove()
    axes.get_lines()[0].set_color(FAINT)
    gap = float(np.mean(np.abs(display.prob_true - display.prob_pred)))
    verdict = "can be taken at their word" if gap < 0.05 else "should not be taken literally"
    return (
        "calibration",
        "Calibration",
        f"Predicted probabilities miss the observed share by {gap:.1%} on average, so they "
        f"{verdict}.",
        figure,
    )


def _confusion(truth: np.ndarray, said: np.ndarray, classes: Sequence[str]) -> Drawing:
    labels = np.arange(len(classes))
    counts = confusion_matrix(truth, said, labels=labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(4.4, min(11.0, 2.4 + 0.42 * len(classes)))
    figure = Figure(figsize=(side + 0.4, side))
    axes = figure.add_subplot()
    display = ConfusionMatrixDisplay(shares, display_labels=[shown(name, 18) for name in classes])
    few = len(classes) <= 12
    display.plot(
        ax=axes,
        cmap="Blues",
        colorbar=False,
        include_values=few,
        values_format=".0%",
        xticks_rotation="horizontal" if len(classes) <= 3 else "vertical",
        im_kw={"vmin": 0, "vmax": 1},
    )
    right = int(np.trace(counts))
    off = counts.copy()
    np.fill_diagonal(off, 0)
    row, column = divmod(int(np.argmax(off)), len(classes))
    worst = (
        f"; the most frequent mistake takes “{shown(classes[row], 24)}” for "
        f"“{shown(classes[column], 24)}” ({int(off[row, column]):,} rows)"
        if off.any()
        else ""
    )
    return (
        "confusion",
        "Confusion matrix",
        f"{right:,} of {int(counts.sum()):,} rows are answered rightly{worst}.",
        figure,
    )


def _multiclass(
    truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> Iterator[Drawing]:
    said = np.argmax(predicted, axis=1)
    yield _confusion(truth, said, classes)
    yield _per_class(truth, said, classes)


def _per_class(truth: np.ndarray, said: np.ndarray, classes: Sequence[str]) -> Drawing:
    labels = np.arange(len(classes))
    precision, recall, _, support = precision_recall_fscore_support(
        truth, said, labels=labels, zero_division=0
    )
    order = np.argsort(recall, kind="stable")[:_SHOWN_CLASSES][::-1]
    figure = Figure(figsize=(6.4, 1.2 + 0.34 * len(order)))
    axes = figure.add_subplot()
    place = np.arange(len(order))
    axes.barh(place + 0.2, recall[order], 0.38, color=ACCENT, label="Recall")
    axes.barh(place - 0.2, precision[order], 0.38, color=SECOND, label="Precision")
    axes.set_yticks(place, [f"{shown(classes[i], 22)} ({support[i]})" for i in order])
    axes.set(xlim=(0, 1), xlabel="Share")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.6 / (len(order) + 1)), ncols=2)
    worst = int(np.argmin(recall))
    return (
        "per_class",
        "Scores per class",
        f"“{shown(classes[worst])}” is found least often ({recall[worst]:.0%} of its "
        f"{int(support[worst]):,} rows).",
        figure,
    )


def _regression(truth: np.ndarray, predicted: np.ndarray, target: str) -> Iterator[Drawing]:
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
        f"Half of the answers are off by less than {np.median(error):,.4g}, nine in ten by less "
        f"than {np.quantile(error, 0.9):,.4g}; dots on the line are right.",
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
