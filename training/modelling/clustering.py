"""Clusters of rows: numbering, labels, and scores on rows that they were not made from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from sklearn.pipeline import Pipeline

_ROWS = 2000

_NO_GROUPS = -1.0


def by_size(model: Pipeline) -> Pipeline:
    """Number the groups of a fitted model by their size, so that the first is the largest.

    `other` is the same model, made from half of the rows: it shows whether the groups are stable.
    """
    means = model[-1]
    order = np.argsort(-np.bincount(means.labels_, minlength=means.n_clusters), kind="stable")
    means.cluster_centers_ = np.ascontiguousarray(means.cluster_centers_[order])
    means.labels_ = np.argsort(order)[means.labels_].astype(means.labels_.dtype)
    return model


def labels_of(model: Pipeline, features: pd.DataFrame) -> np.ndarray:
    """Return the group of each row, (rows,), counted from 0."""
    return np.asarray(model.predict(features), dtype="int64")


def score(model: Pipeline, other: Pipeline, features: pd.DataFrame, seed: int) -> dict[str, float]:
    """Return the measures of groups on rows that they were not made from.

    `other` is the same model, made from half of the rows: what is there is found again.
    """
    points, labels = sampled_points(model, features, seed)
    again = labels_of(other, features)
    stability = float(adjusted_rand_score(labels_of(model, features), again))
    if not 2 <= len(np.unique(labels)) < len(labels):
        return {"silhouette": _NO_GROUPS, "stability": stability, "davies_bouldin": 0.0}
    return {
        "silhouette": float(silhouette_score(points, labels)),
        "stability": stability,
        "davies_bouldin": float(davies_bouldin_score(points, labels)),
    }


def sampled_points(
    model: Pipeline, features: pd.DataFrame, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return some of the rows as the model sees them, and their groups."""
    if len(features) > _ROWS:
        features = features.sample(_ROWS, random_state=seed)
    points = np.asarray(model[:-1].transform(features), dtype="float64")
    return points, np.asarray(model[-1].predict(points), dtype="int64")
