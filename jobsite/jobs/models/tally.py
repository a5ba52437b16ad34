"""Permanent counters that outlive the rows they count: outcomes, lost leases, wedged clusters."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F
from django.utils import timezone

LOST, WEDGED = "lease lost", "wedged"


class Tally(models.Model):
    """How often something happened to a kind of job or part of the site, and when it last did."""

    name = models.CharField(max_length=32)
    subject = models.CharField(max_length=48)
    count = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "jobs"
        verbose_name_plural = "tallies"
        ordering = ["name", "subject"]
        constraints = [models.UniqueConstraint(fields=["name", "subject"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.subject} {self.name}: {self.count}"

    @classmethod
    def add(cls, name: str, subject: str, more: int = 1) -> None:
        """Increase a counter by `more`, creating it if necessary, and set its time to now."""
        row = cls.objects.filter(name=name, subject=subject)
        change: dict[str, Any] = {"count": F("count") + more, "at": timezone.now()}
        if not row.update(**change):
            # The first event of this name; another process may be creating the row concurrently.
            Tally.objects.bulk_create([Tally(name=name, subject=subject)], ignore_conflicts=True)
            row.update(**change)

    @classmethod
    def lately(cls, name: str, within: timedelta) -> models.QuerySet["Tally"]:
        """Return the counters of this name that last increased less than `within` ago."""
        return cls.objects.filter(name=name, at__gt=timezone.now() - within)
