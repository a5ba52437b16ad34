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
class Searched:
    """The search in the time that was left is over."""

    extra: dict[str, int]
    """How many settings of which algorithm it was used for."""
    is_stale: bool
    """True where it ended because nothing better was found, not for want of time."""


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


Event = FoldStarted | FoldFinished | RowAdded | Searched | Explained | Pulse
