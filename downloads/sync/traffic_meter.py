"""Counting of the bytes that were sent and received, stored per day."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.utils import timezone

from downloads.models.traffic import Traffic


class Meter:
    """Counts the traffic that the session reports; written from time to time."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}
        self._down: Counter[Any] = Counter()
        self._up: Counter[Any] = Counter()

    def note(self, key: str, total: tuple[int, int], owners: Iterable[Any]) -> None:
        """Take a torrent's bytes down and up since it was added;

        the increase counts for each owner.


        Each of several owners is counted in full: a share would reveal that there are others.
        """
        before = self._last.get(key, (0, 0))
        down, up = (
            new - old if new >= old else new for new, old in zip(total, before, strict=True)
        )
        self._last[key] = total
        if not down and not up:
            return
        for owner in {*owners, None}:
            self._down[owner] += down
            self._up[owner] += up

    def write(self) -> None:
        """Add what was counted to today's rows."""
        today = timezone.localdate()
        for owner in self._down.keys() | self._up.keys():
            more = {"down": self._down[owner], "up": self._up[owner]}
            mine = Traffic.objects.filter(owner=owner, day=today)
            if not mine.update(down=F("down") + more["down"], up=F("up") + more["up"]):
                Traffic.objects.create(owner_id=owner, day=today, **more)
        self._down.clear()
        self._up.clear()
