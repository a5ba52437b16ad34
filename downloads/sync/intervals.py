"""When something that is done again and again is due."""

import time


class Intervals:
    """Remembers when each of several things is due next, by a steady clock."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def has_passed(self, what: str, every: float) -> bool:
        """Whether so many seconds have gone by since this was last true; at first it is."""
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True
