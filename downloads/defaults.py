"""What a person wishes of every download that is added, unless they say otherwise."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from downloads.choices import clean_patterns


def validate_patterns(text: str) -> None:
    """See that patterns make sense. Raises ValidationError with the reason."""
    try:
        clean_patterns(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


class Defaults(models.Model):
    """One person's; without a row nothing is left out and nothing waits."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    hold = models.BooleanField(
        "show the files first",
        default=False,
        help_text="On the page that adds downloads this is ticked from the start.",
    )
    exclude = models.CharField(
        "leave out",
        max_length=1000,
        blank=True,
        validators=[validate_patterns],
        help_text="Patterns of files that are never wanted: *.nfo, sample*",
    )

    class Meta:
        verbose_name_plural = "defaults"

    def __str__(self) -> str:
        return f"Defaults of {self.user}"

    @classmethod
    def of(cls, user: Any) -> "Defaults":
        """Those of a person."""
        return cls.objects.filter(user=user).first() or cls(user=user)
