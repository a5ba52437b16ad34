"""The measures of a model, by problem; the first one ranks unless its owner chose another.

Light: pages and forms read the labels.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from training.problem.problem_type import (
    BINARY,
    CLUSTERING,
    LABELS,
    MULTICLASS,
    REGRESSION,
    TargetError,
)
from training.text import shown


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure, and in which direction it is good."""

    key: str
    label: str
    greater_is_better: bool
    meaning: str
    short: str = ""
    """For the head of a narrow column; the label where there is none."""

    @property
    def heading(self) -> str:
        """What stands above a column of such values."""
        return self.short or self.label

    @property
    def sign(self) -> int:
        """What a score is multiplied with so that more is better."""
        return 1 if self.greater_is_better else -1


_ACCURACY = Metric("accuracy", "Accuracy", True, "Share of right answers.")
_BALANCED = Metric(
    "balanced_accuracy",
    "Balanced accuracy",
    True,
    "Share of right answers, each class counted the same however rare it is.",
    "Balanced acc.",
)
_LOG_LOSS = Metric(
    "log_loss",
    "Log loss",
    False,
    "Punishes probabilities that are sure and wrong.",
)
METRICS: dict[str, tuple[Metric, ...]] = {
    BINARY: (
        Metric(
            "roc_auc", "ROC AUC", True, "How often a positive row is ranked above a negative one."
        ),
        Metric(
            "average_precision",
            "Average precision",
            True,
            "Precision over all levels of recall.",
            "Avg. prec.",
        ),
        _LOG_LOSS,
        _ACCURACY,
        _BALANCED,
        Metric("f1", "F1", True, "Balance of precision and recall of the positive class."),
    ),
    # Log loss uses all that a model says of every row, where accuracy sees only the first choice;
    # balanced accuracy would reward probabilities that are bent towards rare classes.
    MULTICLASS: (
        _LOG_LOSS,
        _ACCURACY,
        _BALANCED,
        Metric("f1_macro", "Macro F1", True, "F1, averaged over the classes."),
    ),
    REGRESSION: (
        Metric("rmse", "RMSE", False, "Typical error, large errors weighing more."),
        Metric("mae", "MAE", False, "Mean size of the error."),
        Metric(
            "median_ae",
            "Median absolute error",
            False,
            "Half of the errors are smaller.",
            "Median AE",
        ),
        Metric(
            "rmsle",
            "RMSLE",
            False,
            "RMSE of the logarithms of 1 + the value: errors count as ratios. Answers below 0 "
            "count as 0.",
        ),
        Metric("mape", "MAPE", False, "Mean size of the error as a share of the true value."),
        Metric("r2", "R²", True, "Share of the variation that is explained; 0 is the mean."),
    ),
    CLUSTERING: (
        Metric(
            "silhouette",
            "Silhouette",
            True,
            "How much nearer rows are to their own group than to the next; 0 is no groups at all.",
        ),
        Metric(
            "stability",
            "Stability",
            True,
            "How far half of the rows give the same groups (adjusted Rand index; 1 is the same).",
        ),
        Metric(
            "davies_bouldin",
            "Davies-Bouldin",
            False,
            "How wide groups are beside the distance to their neighbours.",
        ),
    ),
}


THRESHOLDED = frozenset({"accuracy", "balanced_accuracy", "f1"})
"""Of two classes, what depends on the probability from which the positive one is said."""
_WHY_LOG_LOSS = (
    "Several classes are ranked by log loss, which uses the probabilities of all classes in every "
    "row, where accuracy sees the first choice alone; accuracy stands beside it."
)


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the measures that can be chosen, in groups for a form: key and label."""
    both = [metric for metric in METRICS[BINARY] if metric in METRICS[MULTICLASS]]
    groups = {
        "Classes": both,
        "Two classes": [metric for metric in METRICS[BINARY] if metric not in both],
        "Several classes": [metric for metric in METRICS[MULTICLASS] if metric not in both],
        "A number": METRICS[REGRESSION],
    }
    return [(name, [(m.key, m.label) for m in metrics]) for name, metrics in groups.items()]


KEYS = tuple(key for _, metrics in choices() for key, _ in metrics)


def ranking_metric(
    problem: str, key: str = "", target: str = "", values: Collection[float] = ()
) -> Metric:
    """Return the measure that ranks: the one chosen by its key, else the first of the problem.

    `values` are values of the target, the lowest and the one nearest to 0 among them if they are
    known. Raises TargetError with what would fit.
    """
    metrics = METRICS[problem]
    found = next(
        (metric for metric in metrics if metric.key == key), metrics[0] if not key else None
    )
    if found is not None and not (misfit := _misfit(found, target, values)):
        return found
    if found is None:
        label = next(m.label for group in METRICS.values() for m in group if m.key == key)
        misfit = f"{label} does not measure {LABELS[problem]}."
    fitting = [m for m in metrics if m is not found and not _misfit(m, target, values)]
    raise TargetError(f"{misfit} Here fit: {', '.join(f'{m.label} ({m.key})' for m in fitting)}.")


def _misfit(metric: Metric, target: str, values: Collection[float]) -> str:
    """Return why a measure does not fit a target with such values; empty if it does."""
    if metric.key == "rmsle" and min(values, default=0.0) < 0:
        return f"{metric.label} needs values of 0 and more; “{shown(target)}” has negative ones."
    if metric.key == "mape" and 0.0 in values:
        return f"{metric.label} divides by the true value, and “{shown(target)}” is 0 in some rows."
    return ""


def by_rank(problem: str, key: str) -> tuple[Metric, ...]:
    """Return the measures of a problem, the one that ranks first."""
    return tuple(sorted(METRICS[problem], key=lambda metric: metric.key != key))


def reason(problem: str, metric: Metric, is_chosen: bool) -> str:
    """Return why this measure ranks, as far as there is something to say."""
    if is_chosen:
        return f"Ranked by {metric.label}, as you chose."
    return _WHY_LOG_LOSS if problem == MULTICLASS else ""
