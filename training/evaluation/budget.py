"""The time of a contest: what is left of its budget, what is kept for the end, what is told."""

from __future__ import annotations

import time

from training.evaluation.schedule import Race
from training.evaluation.search import Search
from training.forecast import remaining

PULSE = 1.0
# What the file of the best model may take beyond the end.
GRACE = 3.0
BLEND_SECONDS = 3.0


class Clock:
    """Measures a contest against its deadline, on the clock of time.monotonic()."""

    def __init__(self, race: Race, search: Search, deadline: float | None) -> None:
        self.race, self.search = race, search
        self.deadline, self.began = deadline, time.monotonic()

    @property
    def left(self) -> float:
        """Seconds of the budget that are left; infinite without one."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds to wait for news at most."""
        left = self.left
        return min(PULSE, left) if left > 0 else PULSE / 4

    def blending(self, will_blend: bool) -> float:
        """Return the seconds to keep for the ensemble."""
        return 2 * BLEND_SECONDS * self.race.slowness if will_blend else 0.0

    def progress(self, will_blend: bool) -> tuple[float, float]:
        """Return the share that is done and the seconds that remain."""
        left, blending = self.left, self.blending(will_blend)
        ahead = remaining(self.race, self.search, left - blending, time.monotonic())
        # At the end of the budget, the last fit of the best model still takes a moment.
        ahead = max(0.0, min(ahead + blending / 2, left + GRACE / 2))
        if not self.search.goes_on:
            return self.race.done(), ahead
        # More fits are added while there is time: it is the time that tells how far all is.
        spent = time.monotonic() - self.began
        return spent / (spent + ahead), ahead
