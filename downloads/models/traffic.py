"""How much each person has fetched and sent, by day; without an owner: the whole site."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

DAYS, MONTHS = 31, 12


class TrafficQuerySet(models.QuerySet):
    """Sums over days."""

    def total(self) -> dict[str, int]:
        """Bytes down and up of all these days."""
        found = self.aggregate(down=Sum("down"), up=Sum("up"))
        return {side: found[side] or 0 for side in ("down", "up")}

    def summary(self) -> dict[str, Any]:
        """Today, this month, each of the last days and months, the newest first."""
        today = timezone.localdate()
        months = (
            self.annotate(month=TruncMonth("day"))
            .values("month")
            .annotate(total_down=Sum("down"), total_up=Sum("up"))
            .order_by("-month")[:MONTHS]
        )
        recent = self.filter(day__gt=today - timedelta(days=DAYS)).order_by("-day")
        return {
            "today": self.filter(day=today).total(),
            "month": self.filter(day__gte=today.replace(day=1)).total(),
            "days": list(recent.values("day", "down", "up")),
            "months": [
                {"month": one["month"], "down": one["total_down"], "up": one["total_up"]}
                for one in months
            ],
        }

    def of_people(self) -> list[tuple[str, int, int]]:
        """This month's bytes down and up of each person, who fetched most first."""
        month = self.filter(day__gte=timezone.localdate().replace(day=1)).exclude(owner=None)
        return list(
            month.values("owner__username")
            .annotate(total_down=Sum("down"), total_up=Sum("up"))
            .order_by("-total_down")
            .values_list("owner__username", "total_down", "total_up")
        )


class Traffic(models.Model):
    """The bytes of one person on one day."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    day = models.DateField()
    down = models.BigIntegerField(default=0)
    up = models.BigIntegerField(default=0)

    objects = TrafficQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "traffic"
        constraints = [
            models.UniqueConstraint(fields=["owner", "day"], name="traffic_once"),
            models.UniqueConstraint(
                fields=["day"], condition=Q(owner=None), name="traffic_of_all_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner or 'Everybody'}, {self.day}"


class Meter:
    """Counts what the session reports, for the engine; written from time to time."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}
        self._down: Counter[Any] = Counter()
        self._up: Counter[Any] = Counter()

    def note(self, key: str, total: tuple[int, int], owners: Iterable[Any]) -> None:
        """A torrent's bytes down and up since it was added: what is new counts for each owner.

        Each of several owners is counted in full: a share would tell that there are others.
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
