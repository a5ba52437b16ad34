"""Intervals of periodic work: when each is due."""

import time


class Intervals:
    """Remembers when each of several intervals ends, by a steady clock."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def has_passed(self, what: str, every: float) -> bool:
        """Return whether so many seconds have passed since this was last True; True at first."""
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True
