"""Rate limits of the site, by the hours of the week, and of each person's downloads."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from downloads.rate_limits import HOURS_OF_A_WEEK, Speed

KB = "kB/s; 0: no limit."
NEVER = "0" * HOURS_OF_A_WEEK
KILO = 1024


class SpeedPlan(models.Model):
    """Two profiles and the hours of the slow one. One row at most."""

    down_kb = models.PositiveIntegerField("down", default=0, help_text=KB)
    up_kb = models.PositiveIntegerField("up", default=0, help_text=KB)
    slow_down_kb = models.PositiveIntegerField("down, slow hours", default=0, help_text=KB)
    slow_up_kb = models.PositiveIntegerField("up, slow hours", default=0, help_text=KB)
    slow_hours = models.CharField(
        max_length=HOURS_OF_A_WEEK,
        default=NEVER,
        help_text="A 1 for each slow hour of the week, from Monday 0:00 on.",
    )

    def __str__(self) -> str:
        return "Speed plan"

    @classmethod
    def current(cls) -> "SpeedPlan":
        """Return the plan; without a row, that of the environment."""
        fixed = {"down_kb": settings.DOWNLOAD_MAX_DOWN_KB, "up_kb": settings.DOWNLOAD_MAX_UP_KB}
        return cls.objects.first() or cls(**fixed)

    def is_slow(self, moment: datetime) -> bool:
        """Return whether the slow profile holds at that time, by the local clock."""
        return self.slow_hours[moment.weekday() * 24 + moment.hour] == "1"

    def speed_at(self, moment: datetime) -> Speed:
        """Return the limits that hold at that time."""
        if self.is_slow(moment):
            return Speed(self.slow_down_kb * KILO, self.slow_up_kb * KILO)
        return Speed(self.down_kb * KILO, self.up_kb * KILO)


class PersonSpeed(models.Model):
    """Limits of all downloads of one person together."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    down_kb = models.PositiveIntegerField("down", default=0, help_text=KB)
    up_kb = models.PositiveIntegerField("up", default=0, help_text=KB)

    def __str__(self) -> str:
        return f"Speed of {self.user}"

    @classmethod
    def by_owner(cls) -> dict[str, Speed]:
        """Return the limits of everybody who has one."""
        rows: Any = cls.objects.values_list("user_id", "down_kb", "up_kb")
        return {str(pk): Speed(down * KILO, up * KILO) for pk, down, up in rows}
