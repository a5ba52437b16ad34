"""The algorithms on offer, one declarative entry each. Light: forms and pages read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PLAIN, SCALED, ORDERED = "plain", "scaled", "ordered"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What a person and the program have to know of an algorithm before it is run."""

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


_ENTRIES = (
    Algorithm(
        "baseline",
        "Baseline",
        "Always says the most frequent class or the mean. Everything else must beat it.",
        "Learns nothing from the columns.",
        cost=0.02,
        view=PLAIN,
    ),
    Algorithm(
        "linear",
        "Linear model",
        "Logistic regression or ridge: a weighted sum of the columns. Often hard to beat.",
        "Sees no bends and no interplay of columns.",
        cost=1.0,
    ),
    Algorithm(
        "tree",
        "Decision tree",
        "One tree of yes-or-no questions, not too deep.",
        "Its answers change in steps and with small changes of the table.",
        cost=0.6,
        view=ORDERED,
    ),
    Algorithm(
        "boosting",
        "Gradient boosting",
        "Hundreds of small trees, each of which corrects the ones before. Strong on most tables.",
        "Needs a few hundred rows to be better than a line.",
        cost=4.0,
        view=ORDERED,
    ),
    Algorithm(
        "knn",
        "Nearest neighbours",
        "Answers like the most similar rows.",
        "Weak with many columns; slow to answer on large tables.",
        cost=2.0,
        sample_cap=20_000,
        importance_rows=300,
    ),
    Algorithm(
        "extra_trees",
        "Extra trees",
        "A forest whose trees cut at random places: faster and smoother than a random forest.",
        "Large files; no answer beyond what it has seen.",
        cost=5.0,
        view=ORDERED,
        sample_cap=100_000,
    ),
    Algorithm(
        "forest",
        "Random forest",
        "Hundreds of trees, each grown on its own sample of rows and columns.",
        "Large files; no answer beyond what it has seen.",
        cost=7.0,
        view=ORDERED,
        sample_cap=100_000,
    ),
    Algorithm(
        "mlp",
        "Neural network",
        "A small network of two layers with early stopping.",
        "Needs some thousand rows; its answers cannot be read from its weights.",
        cost=8.0,
        sample_cap=50_000,
    ),
    Algorithm(
        "svm",
        "Support vectors",
        "Draws the widest possible border, bent by a radial kernel.",
        "Its time grows with the square of the rows, so a sample is used.",
        cost=10.0,
        sample_cap=5_000,
        importance_rows=300,
    ),
)
ALGORITHMS: dict[str, Algorithm] = {entry.key: entry for entry in _ENTRIES}
CHOICES = tuple((entry.key, entry.label) for entry in _ENTRIES)


def chosen(keys: Iterable[str]) -> list[Algorithm]:
    """Return the entries of these keys in the order in which they run. The baseline always does."""
    wanted = {"baseline", *keys}
    unknown = sorted(wanted - ALGORITHMS.keys())
    if unknown:
        raise ValueError(
            f"There is no algorithm named “{unknown[0]}”. There are: {', '.join(ALGORITHMS)}."
        )
    return [entry for entry in _ENTRIES if entry.key in wanted]
