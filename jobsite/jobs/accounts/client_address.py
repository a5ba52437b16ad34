"""The address of a client, and the name that a sign-in claims."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from jobsite.jobs.text import one_line

LONGEST = 255  # what the table of attempts takes


def address(request: HttpRequest) -> str:
    """Return the visitor's address.

    Each proxy appends the address that it saw to X-Forwarded-For. Only as many entries as there
    are proxies of ours can be believed: anything before them may be the visitor's own words.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.PROXIES and len(seen) >= settings.PROXIES and seen[-settings.PROXIES]:
        return seen[-settings.PROXIES][:45]
    return direct


def claimed_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the user name of a sign-in attempt, cut: the form lets one of any length through."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return one_line(str(name))[:LONGEST]
