"""Traffic of each person by day; without an owner: of the whole site."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

DAYS, MONTHS = 31, 12


class TrafficQuerySet(models.QuerySet):
    """Sums of traffic over days and months."""

    def total(self) -> dict[str, int]:
        """Return the bytes down and up of all these days."""
        found = self.aggregate(down=Sum("down"), up=Sum("up"))
        return {side: found[side] or 0 for side in ("down", "up")}

    def summary(self) -> dict[str, Any]:
        """Return the sums of today, this month, and the last days and months, the newest first."""
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
        """Return this month's bytes down and up of each person, the largest first."""
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
