"""The memory that a training will need, estimated before it starts. Light: no pandas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.algorithms.catalogue import Algorithm

# Measured: interpreter and libraries, once for the job and in part for each fit.
_BASE_MB, _FIT_MB = 350.0, 70.0
_CELL = 8
# Copies that preparation and fit of a table of numbers take beside the table itself.
_COPIES = {"plain": 1.0, "ordered": 3.0, "scaled": 5.0}
_HEAVY = {"forest": 1.5, "extra_trees": 1.5, "knn": 1.3}


@dataclass(frozen=True, slots=True)
class Need:
    """The most memory that a training takes, and the algorithms that do not fit into the limit."""

    megabytes: float
    too_large: dict[str, str]
    least: float
    """What the simplest of them takes alone."""
    cores: int
    """Fits that can run side by side."""


def need(
    algorithms: Iterable[Algorithm],
    rows: int,
    width: int,
    table_mb: float,
    cores: int,
    limit_mb: float | None,
) -> Need:
    """Estimate the memory for fits of `rows` x `width` numbers after preparation.

    If they do not all fit side by side, fewer run at a time.
    """
    ground = _BASE_MB + 2 * table_mb
    fits = {entry.key: _fit_mb(entry, rows, width) for entry in algorithms}
    least = ground + min(fits.values())
    limit = float("inf") if limit_mb is None else limit_mb
    most = max((fit for fit in fits.values() if ground + fit <= limit), default=0.0)
    while cores > 1 and ground + most * cores > limit:
        cores -= 1
    too_large = {
        key: (
            f"Skipped: needs about {ground + fit:,.0f} MB of memory, the limit is "
            f"{limit:,.0f} MB. Try fewer rows or columns, or a larger TRAINING_MEMORY_MB."
        )
        for key, fit in fits.items()
        if ground + fit > limit
    }
    return Need(ground + most * cores, too_large, least, cores)


def _fit_mb(algorithm: Algorithm, rows: int, width: int) -> float:
    used = min(rows, algorithm.sample_cap or rows)
    copies = _COPIES[algorithm.view] * _HEAVY.get(algorithm.key, 1.0)
    return _FIT_MB + used * width * _CELL * copies / 2**20


def refusal(found: Need, limit_mb: float) -> str:
    """Return why nothing that learns can be run."""
    return (
        f"This table needs about {found.least:,.0f} MB of memory even for the simplest model; "
        f"the limit is {limit_mb:,.0f} MB. Try fewer rows or columns, or ask the operator for a "
        "larger TRAINING_MEMORY_MB."
    )
