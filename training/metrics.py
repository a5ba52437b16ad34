"""The measures of a model, by problem; the first one ranks. Light: pages read the labels."""

from __future__ import annotations

from dataclasses import dataclass

from training.problem.problem_type import BINARY, CLUSTERING, MULTICLASS, REGRESSION


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
    "Punishes probabilities that are sure and wrong; none counts as surer than 999 in 1,000.",
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


def primary(problem: str) -> Metric:
    """Return the measure that ranks the models of a problem."""
    return METRICS[problem][0]
