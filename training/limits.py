"""How an evaluation may use the machine, and when it has to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How an evaluation may use the machine."""

    cores: int = 1
    """Fits that run side by side, one thread each."""
    deadline: float | None = None
    """On the clock of time.monotonic(): what is not finished then is skipped."""
    tune: bool = False
    """Try other settings of the best algorithms, where the time allows it."""
    goes_on: bool = False
    """Try still more of them while the deadline leaves time."""
    ensemble: bool = False
    """Join the best models, where there are enough of them."""
    memory_mb: float | None = None
    """What the whole job may hold: near to it, the heaviest fit is stopped."""
    is_enough: Callable[[], bool] = lambda: False
    """Asked about once a second: True ends the contest with what is finished."""
