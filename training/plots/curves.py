"""The curves of a model of two classes as points, so that pages can draw several in one picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from training.results.curves import curves_file

_POINTS = 80


def write_curves(key: str, truth: np.ndarray, chance: np.ndarray, out: Path) -> None:
    """Write the ROC curve and the precision-recall curve of a model beside its plots.

    `truth` (rows,) is 0 or 1, `chance` (rows,) the probability of 1.
    """
    false, true, _ = roc_curve(truth, chance)
    precision, recall, _ = precision_recall_curve(truth, chance, drop_intermediate=True)
    points = {
        "roc": _thinned(false, true),
        # Without the last point: it is the definition of precision where nothing is found.
        "precision_recall": _thinned(recall[:-1][::-1], precision[:-1][::-1]),
    }
    (out / curves_file(key)).write_text(json.dumps(points), encoding="utf-8")


def _thinned(across: np.ndarray, up: np.ndarray) -> list[tuple[float, float]]:
    """Return at most so many points, evenly along the curve, both ends among them."""
    length = np.append(0.0, np.cumsum(np.hypot(np.diff(across), np.diff(up))))
    wanted = np.linspace(0.0, length[-1], _POINTS)
    chosen = np.unique(np.searchsorted(length, wanted).clip(max=len(length) - 1))
    return [(round(float(across[i]), 4), round(float(up[i]), 4)) for i in chosen]
