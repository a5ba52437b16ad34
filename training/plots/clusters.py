"""Groups of rows that are alike: how good they are, what they look like, and their plots."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import (
    silhouette_samples,
)
from sklearn.pipeline import Pipeline

from jobsite.jobs.formats import percent
from training.modelling.clustering import labels_of, sampled_points
from training.plots.figure import (
    ACCENT,
    FAINT,
    INK,
    STYLE,
    Drawing,
    Plot,
    of_height,
    saved,
    square,
)
from training.problem.problem_type import group_name


def draw_all(key: str, model: Pipeline, features: pd.DataFrame, seed: int, out: Path) -> list[Plot]:
    """Draw the groups on a map, their sizes, and how clearly they are apart."""
    points, labels = sampled_points(model, features, seed)
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
    axes.legend(markerscale=2)
    share = float(found.explained_variance_ratio_.sum())
    sentence = (
        f"The map keeps {percent(share)} of what varies in the table: groups that overlap here may "
        "be apart in other directions, groups that are apart here are apart."
    )
    return "map", "Map of the rows", sentence, figure


def _sizes(sizes: np.ndarray) -> Drawing:
    figure, axes = of_height(1.1 + 0.34 * len(sizes))
    names = [group_name(number) for number in range(len(sizes))]
    axes.barh(names[::-1], sizes[::-1], color=ACCENT)
    axes.set_xlabel("Rows")
    total = max(1, int(sizes.sum()))
    sentence = (
        f"The largest group holds {percent(sizes.max() / total)} of the rows, the smallest "
        f"{percent(sizes.min() / total, 1)}."
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
        f"{percent(astray)} of the rows are nearer to another group than to their own; a group "
        "whose whole block reaches past the dashed mean is well apart."
    )
    return "silhouette", "How clearly the groups are apart", sentence, figure
