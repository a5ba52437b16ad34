"""What a person wishes of every download that is added, unless they say otherwise."""

from typing import Any

from django.conf import settings
from django.db import models

from downloads.library.record import Layout
from downloads.validators import validate_patterns


class FirstOptions(models.Model):
    """What can only be wished before the files are known."""

    hold = models.BooleanField(
        "show the files first",
        default=False,
        help_text="Fetch the list of files only, and wait for a choice.",
    )
    exclude = models.CharField(
        "leave out",
        max_length=1000,
        blank=True,
        validators=[validate_patterns],
        help_text="Patterns of files that are not wanted: *.nfo, sample*",
    )

    layout = models.CharField(
        "files in the library",
        max_length=16,
        choices=Layout.CHOICES,
        default=Layout.ORIGINAL,
        help_text="A folder of its own for one file alone; or, where no name is taken there, the "
        "files of a folder directly among the others.",
    )

    class Meta:
        abstract = True


class Defaults(FirstOptions):
    """One person's; without a row nothing is left out and nothing waits."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "defaults"

    def __str__(self) -> str:
        return f"Defaults of {self.user}"

    @classmethod
    def of(cls, user: Any) -> "Defaults":
        """Those of a person."""
        return cls.objects.filter(user=user).first() or cls(user=user)
