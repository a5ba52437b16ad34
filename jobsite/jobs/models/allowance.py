"""Limits on what one user may have at once: bytes, running jobs, waiting jobs."""

from typing import Any

from django.conf import settings
from django.db import models

MEBI = 2**20
DEFAULT = "Empty: the site's default. 0: no limit."


class OverAllowance(Exception):
    """A submission that was refused (HTTP 403); the text is a sentence for the user."""

    status_code = 403


class TooManyWaiting(OverAllowance):
    """A temporary refusal (HTTP 429): it lifts once some of the user's jobs have started."""

    status_code = 429


class Allowance(models.Model):
    """The limits of one user; the site's defaults apply to a user without a row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="allowance"
    )
    megabytes = models.PositiveIntegerField(null=True, blank=True, help_text=DEFAULT)
    running = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"Jobs of one kind that run at once. {DEFAULT}"
    )
    queued = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"Jobs that wait. {DEFAULT}"
    )

    class Meta:
        app_label = "jobs"

    def __str__(self) -> str:
        return f"Allowance of {self.user}"


def limit_of(owner: Any, name: str, default: int) -> int | None:
    """Return a user's own limit, else the site's `default`; None if there is no limit (0)."""
    own = Allowance.objects.filter(user=owner).values_list(name, flat=True).first()
    return (default if own is None else own) or None


def check_queued(owner: Any, waiting: int, more: int = 1) -> None:
    """Raise TooManyWaiting if `more` jobs on top of those waiting would exceed the limit."""
    most = limit_of(owner, "queued", settings.USER_QUEUED) if owner is not None else None
    if most is not None and waiting + more > most:
        raise TooManyWaiting(
            f"{waiting} of your jobs wait, and {most} may; there is no room for {more} more. "
            "Submit again when some have started, cancel some, or ask an administrator for more."
        )


def bytes_left(owner: Any, stored: int) -> int | None:
    """Return how many more bytes a user may store, at least 0; None if there is no limit."""
    most = limit_of(owner, "megabytes", settings.USER_MB) if owner is not None else None
    return None if most is None else max(0, most * MEBI - stored)


def check_bytes(owner: Any, stored: int) -> None:
    """Raise OverAllowance if the user's space is used up; `stored` is in bytes."""
    if bytes_left(owner, stored) == 0:
        raise OverAllowance(full_sentence(stored))


def full_sentence(stored: int) -> str:
    """Return the message for a user whose space is used up; `stored` is in bytes."""
    return (
        f"Your files take {stored / MEBI:,.0f} MB, all that you may store here. Delete jobs or "
        "tables that you do not need any more, or ask an administrator for more space."
    )
