"""Default options for every download that a person adds."""

from typing import Any

from django.conf import settings
from django.db import models

from downloads.library.record import Layout
from downloads.validators import validate_patterns


class FirstOptions(models.Model):
    """Options that can only be set before the list of files is known."""

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
    """Default options of one person; without a row nothing is excluded or held."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )

    tags = models.JSONField(
        default=list, editable=False, help_text="Tags that exist even if no download carries them."
    )

    class Meta:
        verbose_name_plural = "defaults"

    def __str__(self) -> str:
        return f"Defaults of {self.user}"

    @classmethod
    def of(cls, user: Any) -> "Defaults":
        """Return the person's defaults, unsaved if there is no row."""
        return cls.objects.filter(user=user).first() or cls(user=user)
