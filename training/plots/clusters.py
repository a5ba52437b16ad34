"""Groups of rows that are alike: how good they are, what they look like, and their plots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_rand_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)
from sklearn.pipeline import Pipeline

from training.plots.cluster_profile import group_name
from training.plots.figure import Drawing, Plot, saved, square
from training.svg import ACCENT, FAINT, INK, STYLE

_ROWS = 2000
_NO_GROUPS = -1.0


def by_size(model: Pipeline) -> Pipeline:
    """Number the groups of a fitted model by their size, so that the first is the largest."""
    means = model[-1]
    order = np.argsort(-np.bincount(means.labels_, minlength=means.n_clusters), kind="stable")
    means.cluster_centers_ = np.ascontiguousarray(means.cluster_centers_[order])
    means.labels_ = np.argsort(order)[means.labels_].astype(means.labels_.dtype)
    return model


def labels_of(model: Pipeline, features: pd.DataFrame) -> np.ndarray:
    """Return the group of each row, counted from 0."""
    return np.asarray(model.predict(features), dtype="int64")


def score(model: Pipeline, other: Pipeline, features: pd.DataFrame, seed: int) -> dict[str, float]:
    """Return the measures of groups on rows that they were not made from.

    `other` is the same model, made from half of the rows: what is there is found again.
    """
    points, labels = _prepared(model, features, seed)
    again = labels_of(other, features)
    stability = float(adjusted_rand_score(labels_of(model, features), again))
    if not 2 <= len(np.unique(labels)) < len(labels):
        return {"silhouette": _NO_GROUPS, "stability": stability, "davies_bouldin": 0.0}
    return {
        "silhouette": float(silhouette_score(points, labels)),
        "stability": stability,
        "davies_bouldin": float(davies_bouldin_score(points, labels)),
    }


def _prepared(model: Pipeline, features: pd.DataFrame, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return some of the rows as the model sees them, and their groups."""
    if len(features) > _ROWS:
        features = features.sample(_ROWS, random_state=seed)
    points = np.asarray(model[:-1].transform(features), dtype="float64")
    return points, np.asarray(model[-1].predict(points), dtype="int64")


def draw_all(key: str, model: Pipeline, features: pd.DataFrame, seed: int, out: Path) -> list[Plot]:
    """Draw the groups on a map, their sizes, and how clearly they are apart."""
    points, labels = _prepared(model, features, seed)
    sizes = np.bincount(labels_of(model, features), minlength=model[-1].n_clusters)
    with mpl.rc_context(STYLE):
        drawings = [_map(points, labels, seed), _sizes(sizes)]
        if 2 <= len(np.unique(labels)) < len(labels):
            drawings.append(_silhouettes(points, labels))
        return [saved(key, drawing, out) for drawing in drawings]


def _present(labels: np.ndarray) -> Iterator[tuple[int, Any, np.ndarray]]:
    """Yield the number, the colour and the rows of each group that has any."""
    colors = mpl.colormaps["tab10"].colors  # type: ignore[attr-defined]
    for number in np.unique(labels):
        yield int(number), colors[number % len(colors)], labels == number


def _map(points: np.ndarray, labels: np.ndarray, seed: int) -> Drawing:
    parts = min(2, *points.shape)
    found = PCA(parts, random_state=seed).fit(points)
    placed = found.transform(points)
    across = placed[:, 1] if parts > 1 else np.zeros(len(placed))
    figure, axes = square()
    for number, color, rows in _present(labels):
        axes.scatter(
            placed[rows, 0], across[rows], s=10, color=color, alpha=0.6, linewidths=0,
            label=group_name(number),
        )  # fmt: skip
    axes.set(xlabel="First principal component", ylabel="Second principal component")
    axes.legend(markerscale=2, fontsize=8)
    share = float(found.explained_variance_ratio_.sum())
    sentence = (
        f"The map keeps {share:.0%} of what varies in the table: groups that overlap here may be "
        "apart in other directions, groups that are apart here are apart."
    )
    return "map", "Map of the rows", sentence, figure


def _sizes(sizes: np.ndarray) -> Drawing:
    figure = Figure(figsize=(6.4, 1.1 + 0.34 * len(sizes)))
    axes = figure.add_subplot()
    names = [group_name(number) for number in range(len(sizes))]
    axes.barh(names[::-1], sizes[::-1], color=ACCENT)
    axes.set_xlabel("Rows")
    total = max(1, int(sizes.sum()))
    sentence = (
        f"The largest group holds {sizes.max() / total:.0%} of the rows, the smallest "
        f"{sizes.min() / total:.1%}."
    )
    return "sizes", "Sizes of the groups", sentence, figure


def _silhouettes(points: np.ndarray, labels: np.ndarray) -> Drawing:
    values = silhouette_samples(points, labels)
    figure, axes = square()
    below = 0
    for number, color, rows in _present(labels):
        part = np.sort(values[rows])
        place = np.arange(below, below + len(part))
        axes.fill_betweenx(place, 0, part, color=color, alpha=0.8, linewidth=0)
        axes.text(-0.02, below + len(part) / 2, str(number + 1), ha="right", va="center")
        below += len(part) + max(2, len(labels) // 60)
    axes.axvline(float(values.mean()), color=INK, linewidth=0.8, linestyle="--")
    axes.axvline(0, color=FAINT, linewidth=0.8)
    axes.set(xlabel="Silhouette of a row", yticks=[])
    astray = float(np.mean(values < 0))
    sentence = (
        f"{astray:.0%} of the rows are nearer to another group than to their own; a group whose "
        "whole block reaches past the dashed mean is well apart."
    )
    return "silhouette", "How clearly the groups are apart", sentence, figure
