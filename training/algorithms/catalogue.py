"""The algorithms on offer, one declarative entry each. Light: forms and pages read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from training.problem.problem_type import BINARY, MULTICLASS, REGRESSION

BASELINE = "baseline"
"""The key of the algorithm that learns nothing; everything else must beat it."""
PLAIN, SCALED, ORDERED = "plain", "scaled", "ordered"


@dataclass(frozen=True, slots=True)
class Setting:
    """A hyper-parameter of an algorithm: a range, or a list of values to choose from."""

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    choices: tuple[Any, ...] = ()
    problems: tuple[str, ...] = (BINARY, MULTICLASS, REGRESSION)


_CLASSES = (BINARY, MULTICLASS)
_LEAF = Setting("min_samples_leaf", 1, 20, log=True, whole=True)
_FEATURES = Setting("max_features", 0.15, 1.0)
_BORDER = Setting("C", 1e-2, 1e2, log=True)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """The facts about an algorithm that pages and schedules need before it runs."""

    key: str
    label: str
    description: str
    limits: str
    cost: float
    """Expected time beside a decision tree; cheap ones go first and the rest is planned by it."""
    view: str = SCALED
    """How it wants its columns: PLAIN (it looks at none), SCALED (filled and on one scale), or
    ORDERED (numbers as they are, categories as codes)."""
    sample_cap: int | None = None
    """Rows of one fit; beyond, a random sample is taken and the page says so."""
    importance_rows: int = 1000
    """Rows of the hold-out part on which importance is measured; fewer where answers are slow."""
    space: tuple[Setting, ...] = ()
    """What tuning may turn."""
    portfolio: tuple[dict[str, Any], ...] = ()
    """Settings that are known to be good on many tables; tuning tries them first."""
    says_never: bool = False
    """Whether a class can get the probability 0, which one row of it would prove infinitely wrong:
    answers are taken a thousandth nearer to equal ones."""
    rounds: str = ""
    """The setting that holds its rounds, if it stops by itself once the rows that its fold tests
    are not answered better."""
    to_the_end: dict[str, Any] = field(default_factory=dict)
    """Settings with which it does not stop by itself."""


_ENTRIES = (
    Algorithm(
        BASELINE,
        "Baseline",
        "Always predicts the most frequent class or the mean. Every other model should beat it.",
        "Learns nothing from the columns.",
        cost=0.02,
        view=PLAIN,
    ),
    Algorithm(
        "linear",
        "Linear model",
        "Logistic regression or ridge: a weighted sum of the columns. Often hard to beat.",
        "Cannot capture curves or interactions.",
        cost=1.0,
        space=(Setting("C", 1e-3, 1e2, log=True, problems=_CLASSES),),
        portfolio=({"C": 0.1}, {"C": 10.0}),
    ),
    Algorithm(
        "tree",
        "Decision tree",
        "One tree of yes-or-no questions, not too deep.",
        "Predictions change in steps, and with small changes of the table.",
        cost=0.6,
        says_never=True,
        view=ORDERED,
        space=(
            Setting("max_depth", 3, 20, whole=True),
            Setting("min_samples_leaf", 2, 100, log=True, whole=True),
        ),
    ),
    Algorithm(
        "lightgbm",
        "LightGBM",
        "Hundreds of small trees, each of which corrects the ones before, cut at random places.",
        "Needs a few hundred rows to be better than a line.",
        cost=1.5,
        view=ORDERED,
        space=(
            Setting("learning_rate", 0.02, 0.1, log=True),
            Setting("num_leaves", 4, 200, log=True, whole=True),
            Setting("min_child_samples", 1, 64, log=True, whole=True),
            Setting("colsample_bytree", 0.4, 1.0),
            Setting("subsample", 0.7, 1.0),
            Setting("reg_lambda", 1e-3, 10.0, log=True),
            Setting("extra_trees", choices=(True, False)),
        ),
        # Published: tuned defaults (arXiv 2407.04491) and AutoGluon's portfolio of 2025, with
        # larger steps, as there are minutes and not hours.
        portfolio=(
            {"extra_trees": False, "subsample": 0.75, "min_child_samples": 20},
            {
                **{"num_leaves": 39, "min_child_samples": 3, "learning_rate": 0.04},
                **{"colsample_bytree": 0.46, "reg_lambda": 0.36},
            },
            {
                **{"num_leaves": 84, "min_child_samples": 3, "learning_rate": 0.03},
                **{"colsample_bytree": 0.53, "reg_lambda": 0.84, "extra_trees": False},
            },
            {
                "num_leaves": 180,
                "min_child_samples": 12,
                "colsample_bytree": 0.4,
                "reg_lambda": 1.6,
            },
            {"num_leaves": 8, "min_child_samples": 24, "learning_rate": 0.05, "extra_trees": False},
        ),
        rounds="n_estimators",
    ),
    Algorithm(
        "boosting",
        "Gradient boosting",
        "Hundreds of small trees, each of which corrects the ones before. Strong on most tables.",
        "Needs a few hundred rows to be better than a line.",
        cost=4.0,
        view=ORDERED,
        space=(
            Setting("learning_rate", 0.02, 0.1, log=True),
            Setting("max_leaf_nodes", 4, 200, log=True, whole=True),
            Setting("min_samples_leaf", 1, 64, log=True, whole=True),
            Setting("l2_regularization", 1e-4, 10.0, log=True),
            Setting("max_features", 0.4, 1.0),
        ),
        # Unlike the default and unlike each other: shallow, small steps, deep on few columns.
        portfolio=(
            {"learning_rate": 0.05, "max_leaf_nodes": 31, "min_samples_leaf": 20},
            {"learning_rate": 0.05, "max_leaf_nodes": 100, "min_samples_leaf": 3},
            {"learning_rate": 0.05, "max_leaf_nodes": 6, "min_samples_leaf": 12},
            {"learning_rate": 0.03, "max_leaf_nodes": 128, "max_features": 0.6},
        ),
        rounds="max_iter",
        to_the_end={"early_stopping": False},
    ),
    Algorithm(
        "knn",
        "Nearest neighbours",
        "Predicts from the most similar rows.",
        "Weak with many columns; slow to predict on large tables.",
        cost=2.0,
        says_never=True,
        sample_cap=20_000,
        importance_rows=300,
        space=(
            Setting("n_neighbors", 3, 60, log=True, whole=True),
            Setting("weights", choices=("uniform", "distance")),
        ),
    ),
    Algorithm(
        "extra_trees",
        "Extra trees",
        "A forest whose trees cut at random places: faster and smoother than a random forest.",
        "Large files; cannot extrapolate.",
        cost=5.0,
        says_never=True,
        view=ORDERED,
        sample_cap=100_000,
        space=(_LEAF, _FEATURES),
        portfolio=(
            {"max_features": 0.75, "min_samples_leaf": 1},
            {"max_features": 1.0, "min_samples_leaf": 5},
        ),
    ),
    Algorithm(
        "forest",
        "Random forest",
        "Hundreds of trees, each grown on its own sample of rows and columns.",
        "Large files; cannot extrapolate.",
        cost=7.0,
        says_never=True,
        view=ORDERED,
        sample_cap=100_000,
        space=(_LEAF, _FEATURES),
        portfolio=(
            {"max_features": 0.75, "min_samples_leaf": 1},
            {"max_features": 1.0, "min_samples_leaf": 5},
        ),
    ),
    Algorithm(
        "mlp",
        "Neural network",
        "A small network of two layers with early stopping.",
        "Needs some thousand rows; hard to interpret.",
        cost=8.0,
        sample_cap=50_000,
        space=(
            Setting("alpha", 1e-4, 3.0, log=True),
            Setting("learning_rate_init", 3e-4, 1e-2, log=True),
            Setting("hidden_layer_sizes", choices=((256,), (64, 32), (128, 64), (32,))),
        ),
        portfolio=({"alpha": 0.1}, {"hidden_layer_sizes": (64, 32), "alpha": 0.01}),
    ),
    Algorithm(
        "svm",
        "Support vectors",
        "Separates classes with the widest possible margin, using a radial kernel.",
        "Its time grows with the square of the rows, so a sample is used.",
        cost=10.0,
        sample_cap=5_000,
        importance_rows=300,
        space=(_BORDER, Setting("gamma", 1e-3, 1.0, log=True)),
        portfolio=({"C": 10.0},),
    ),
)
ENSEMBLE = Algorithm(
    "ensemble",
    "Ensemble",
    "A weighted mean of the best models; the weights come from out-of-fold answers.",
    "As slow to answer as its members together.",
    cost=0.1,
    importance_rows=300,
)
_MOST_GROUPS, _ROWS_PER_GROUP = 10, 15
GROUPS = tuple(
    Algorithm(
        f"groups-{count}",
        f"{count} groups",
        f"k-means: the rows around {count} centres, each row with the nearest one.",
        "Finds round groups of about the same width; says nothing of why they are there.",
        cost=0.1 * count,
        sample_cap=20_000,
    )
    for count in range(2, _MOST_GROUPS + 1)
)
ALGORITHMS: dict[str, Algorithm] = {entry.key: entry for entry in _ENTRIES}
KNOWN = {**ALGORITHMS, ENSEMBLE.key: ENSEMBLE, **{entry.key: entry for entry in GROUPS}}
CHOICES = tuple((entry.key, entry.label) for entry in _ENTRIES)


def groupings(rows: int) -> list[Algorithm]:
    """Return the numbers of groups that are tried on a table of so many rows."""
    return list(GROUPS[: max(1, rows // _ROWS_PER_GROUP - 1)])


def chosen(keys: Iterable[str]) -> list[Algorithm]:
    """Return the entries of these keys in the order in which they run. The baseline always does."""
    wanted = {BASELINE, *keys}
    unknown = sorted(wanted - ALGORITHMS.keys())
    if unknown:
        raise ValueError(
            f"There is no algorithm named “{unknown[0]}”. There are: {', '.join(ALGORITHMS)}."
        )
    return [entry for entry in _ENTRIES if entry.key in wanted]
