"""The events that an evaluation yields while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.evaluation.runs import Fit
from training.results.leaderboard import LeaderboardRow


@dataclass(frozen=True, slots=True)
class FoldStarted:
    """A fit begins; `fold` counts from 0."""

    algorithm: str
    fold: int


@dataclass(frozen=True, slots=True)
class FoldFinished:
    """A fit is scored."""

    algorithm: str
    fold: int
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RowAdded:
    """An algorithm is through all its folds, or failed, or was skipped."""

    row: LeaderboardRow


@dataclass(frozen=True, slots=True)
class Improved:
    """The best score so far, of a model or of a mean of models, against seconds."""

    line: list[list[float]]


@dataclass(frozen=True, slots=True)
class Searched:
    """The search for better settings is over."""

    tried: dict[str, int]
    """How many settings of which algorithm were tried beside the default."""
    in_vain: int = 0
    """How many in a row had helped nothing, where that and not the time ended it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The hold-out scores, the file, the plots or the importances of an algorithm are there."""

    algorithm: str
    parts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A sign of life: share of the work that is done, seconds left, and what runs now."""

    done: float
    remaining: float
    running: tuple[Fit, ...]


Event = FoldStarted | FoldFinished | RowAdded | Improved | Searched | Explained | Pulse
