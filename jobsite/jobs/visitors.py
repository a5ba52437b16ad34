"""Where a request comes from, seen through the proxies that the operator has named."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The visitor's address.

    Each proxy appends the address that it saw to X-Forwarded-For. Only as many entries as there
    are proxies of ours can be believed: whatever stands before them, the visitor may have written.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.PROXIES and len(seen) >= settings.PROXIES and seen[-settings.PROXIES]:
        return seen[-settings.PROXIES][:45]
    return direct
