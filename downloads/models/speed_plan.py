"""Rate limits of the site, by the hours of the week, and of each person's downloads."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from downloads.rate_limits import HOURS_OF_A_WEEK, Speed

KB = "kB/s; 0: no limit."
NEVER = "0" * HOURS_OF_A_WEEK
KILO = 1024
SLOW, NORMAL = "slow", "normal"
HOUR = timedelta(hours=1)


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

    switched_to = models.CharField(
        max_length=8,
        choices=[(SLOW, SLOW), (NORMAL, NORMAL)],
        blank=True,
        editable=False,
        help_text="The profile that somebody has switched to by hand.",
    )
    switched_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return "Speed plan"

    @classmethod
    def current(cls) -> "SpeedPlan":
        """Return the plan; without a row, that of the environment."""
        fixed = {"down_kb": settings.DOWNLOAD_MAX_DOWN_KB, "up_kb": settings.DOWNLOAD_MAX_UP_KB}
        return cls.objects.first() or cls(**fixed)

    def is_slow(self, moment: datetime) -> bool:
        """Return whether the slow profile holds at that time, a local one.

        What was switched by hand holds until the plan changes the profile the next time.
        """
        by_plan = self._is_slow_hour(moment)
        if not self.switched_to or self.switched_at is None:
            return by_plan
        since = timezone.localtime(self.switched_at, moment.tzinfo)
        hours = min(HOURS_OF_A_WEEK, int((moment - since) / HOUR) + 1)
        between = [self._is_slow_hour(since + number * HOUR) for number in range(hours)]
        if len({by_plan, *between}) > 1:
            return by_plan
        return self.switched_to == SLOW

    def is_slow_now(self) -> bool:
        """Return whether the slow profile holds now."""
        return self.is_slow(timezone.localtime())

    def _is_slow_hour(self, moment: datetime) -> bool:
        return self.slow_hours[moment.weekday() * 24 + moment.hour] == "1"

    def switch(self, to_slow: bool) -> None:
        """Switch to a profile now, and store that."""
        self.switched_to, self.switched_at = SLOW if to_slow else NORMAL, timezone.now()
        self.save()

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
