"""Plots of a model as SVG files that are crisp on light and dark pages, each with a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

from jobsite.jobs.formats import percent
from training.plots.figure import ACCENT, FAINT, INK, SECOND, WIDTH, Drawing, of_height, square
from training.text import shown

_SHOWN_CLASSES = 40
_WRITTEN_CLASSES = 12  # with numbers in each cell of a confusion matrix


def draw_binary(
    truth: np.ndarray, chance: np.ndarray, classes: Sequence[str], border: float | None = None
) -> Iterator[Drawing]:
    said = (chance > 0.5 if border is None else chance >= border).astype(int)
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
        f"{percent(roc_auc_score(truth, chance))} of pairs; the diagonal is chance.",
        figure,
    )
    figure, axes = square()
    PrecisionRecallDisplay.from_predictions(truth, chance, ax=axes, drop_intermediate=True, **curve)
    axes.set(xlabel="Recall", ylabel="Precision")
    yield (
        "precision_recall",
        "Precision and recall",
        "Average precision over the predictions of all folds "
        f"{average_precision_score(truth, chance):.2f}; guessing would give "
        f"{float(np.mean(truth)):.2f}, the share of “{positive}”.",
        figure,
    )
    yield _calibration(truth, chance, positive)
    yield _confusion(truth, said, classes)
    yield threshold(truth, chance, positive)
    yield histogram(truth, chance, [shown(name, 24) for name in classes], border)
    yield _per_class(truth, said, classes)


def _calibration(truth: np.ndarray, chance: np.ndarray, positive: str) -> Drawing:
    figure, axes = square()
    display = CalibrationDisplay.from_predictions(
        truth, chance, n_bins=10, strategy="quantile", ax=axes, color=ACCENT
    )
    axes.set(xlabel="Predicted probability", ylabel=f"Share of {positive}")
    axes.get_legend().remove()
    axes.get_lines()[0].set_color(FAINT)
    gap = float(np.mean(np.abs(display.prob_true - display.prob_pred)))
    verdict = "are well calibrated" if gap < 0.05 else "should not be taken literally"
    return (
        "calibration",
        "Calibration",
        f"Predicted probabilities miss the observed share by {percent(gap, 1)} on average, so they "
        f"{verdict}.",
        figure,
    )


def _confusion(truth: np.ndarray, said: np.ndarray, classes: Sequence[str]) -> Drawing:
    labels = np.arange(len(classes))
    counts = confusion_matrix(truth, said, labels=labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(WIDTH, min(11.0, 1.4 + 0.5 * len(classes)))
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    display = ConfusionMatrixDisplay(shares, display_labels=[shown(name, 14) for name in classes])
    display.plot(
        ax=axes,
        cmap="Blues",
        colorbar=False,
        include_values=False,
        xticks_rotation="horizontal" if len(classes) <= 3 else "vertical",
        im_kw={"vmin": 0, "vmax": 1},
    )
    if len(classes) <= _WRITTEN_CLASSES:
        for (row, column), share in np.ndenumerate(shares):
            text = f"{counts[row, column]:,}\n{percent(share)}"
            ink = "white" if share > 0.5 else "#1f2937"
            axes.text(column, row, text, ha="center", va="center", color=ink)
    right = int(np.trace(counts))
    off = counts.copy()
    np.fill_diagonal(off, 0)
    row, column = divmod(int(np.argmax(off)), len(classes))
    worst = (
        f"; the most frequent mistake is “{shown(classes[column], 24)}” instead of "
        f"“{shown(classes[row], 24)}” ({int(off[row, column]):,} rows)"
        if off.any()
        else ""
    )
    return (
        "confusion",
        "Confusion matrix",
        f"{right:,} of {int(counts.sum()):,} predictions are correct{worst}.",
        figure,
    )


def draw_multiclass(
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
    figure, axes = of_height(1.4 + 0.34 * len(order))
    place = np.arange(len(order))
    axes.barh(place + 0.2, recall[order], 0.38, color=ACCENT, label="Recall")
    axes.barh(place - 0.2, precision[order], 0.38, color=SECOND, label="Precision")
    axes.set_yticks(place, [f"{shown(classes[i], 16)} ({support[i]})" for i in order])
    axes.set(xlim=(0, 1), xlabel="Share")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.6 / (len(order) + 1)), ncols=2)
    worst = int(np.argmin(recall))
    return (
        "per_class",
        "Scores per class",
        f"“{shown(classes[worst])}” is found least often ({percent(recall[worst])} of its "
        f"{int(support[worst]):,} rows).",
        figure,
    )


_STEPS = np.linspace(0, 1, 101)

# What a missed positive costs beside a false alarm.
_RATIOS = ((1, SECOND), (5, ACCENT))


def threshold(truth: np.ndarray, chance: np.ndarray, positive: str) -> Drawing:
    """Draw the cost of each threshold, for several prices of a miss.

    `truth` (rows,) is 0 or 1, `chance` (rows,) the probability of 1.
    """
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
        f"If a missed “{positive}” costs as much as a false alarm, predict “{positive}” above "
        f"{best[1]:.2f}; if it costs five times as much, above {best[5]:.2f}."
    )
    return "threshold", "Threshold against cost", sentence, figure


def histogram(
    truth: np.ndarray, chance: np.ndarray, classes: Sequence[str], border: float | None = None
) -> Drawing:
    """Draw the distribution of `chance`, (rows,), for each class of `truth`, (rows,).

    `border` is the probability from which the second class is said.
    """
    figure, axes = square()
    for position, color in ((0, FAINT), (1, ACCENT)):
        part = chance[truth == position]
        axes.hist(part, 30, range=(0, 1), color=color, alpha=0.6, label=classes[position])
    axes.axvline(0.5 if border is None else border, color=INK, linewidth=0.8)
    axes.set(xlabel=f"Predicted probability of {classes[1]}", ylabel="Rows")
    axes.legend()
    middle = float(np.mean((chance > 0.25) & (chance < 0.75)))
    sentence = (
        f"{percent(middle)} of the rows lie between 0.25 and 0.75, where the model is unsure; the "
        "less the two colours overlap, the better."
    )
    return "histogram", "Scores by class", sentence, figure
