"""Seeding goals as rows: of the site, of a category, of one download."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from downloads.seeding import FOREVER, GOAL, OFF, REMOVE, STOP, Goal

INHERITED = ""
MODES = [
    (INHERITED, "as usual"),
    (OFF, "stop after downloading"),
    (GOAL, "upload until a goal is reached"),
    (FOREVER, "upload until it is stopped"),
]
THEN = [(STOP, "stop uploading"), (REMOVE, "remove the entry; its files stay")]
_BOUNDS = [MinValueValidator(0.0), MaxValueValidator(100_000.0)]


class GoalFields(models.Model):
    """The columns of a goal, or of none."""

    seed = models.CharField(
        "after downloading", max_length=8, choices=MODES, default=INHERITED, blank=True
    )
    seed_ratio = models.FloatField(
        "ratio", null=True, blank=True, validators=_BOUNDS, help_text="Uploaded ÷ downloaded."
    )
    seed_hours = models.FloatField("hours", null=True, blank=True, validators=_BOUNDS)
    seed_idle_hours = models.FloatField("idle hours", null=True, blank=True, validators=_BOUNDS)
    seed_then = models.CharField("then", max_length=8, choices=THEN, default=STOP, blank=True)

    class Meta:
        abstract = True

    @property
    def own_goal(self) -> Goal | None:
        """The goal of this row; None if it inherits one."""
        if self.seed == INHERITED:
            return None
        limits = (self.seed_ratio, self.seed_hours, self.seed_idle_hours)
        return Goal(self.seed, *limits, then=self.seed_then or STOP)

    def clean(self) -> None:
        """Require a limit for a goal. Raises ValidationError."""
        super().clean()
        if self.seed == GOAL and not (self.seed_ratio or self.seed_hours or self.seed_idle_hours):
            raise ValidationError({"seed": "Say what the goal is: a ratio, hours or idle hours."})


GOAL_FIELDS = ["seed", "seed_ratio", "seed_hours", "seed_idle_hours", "seed_then"]


class SeedingPlan(GoalFields):
    """The goal of downloads that have none and whose category has none. One row at most."""

    def __str__(self) -> str:
        return "Seeding plan"

    @classmethod
    def current(cls) -> "SeedingPlan":
        """Return the plan; without a row, uploading ends with the download."""
        return cls.objects.first() or cls(seed=OFF)

    @classmethod
    def goal(cls) -> Goal:
        return cls.current().own_goal or Goal()


def goal_of(download: Any, site: Goal) -> Goal:
    """Return the goal of one download: its own, its category's, or the site's."""
    category = download.category.own_goal if download.category else None
    return download.own_goal or category or site
