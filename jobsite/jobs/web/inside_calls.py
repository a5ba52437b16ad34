"""Calls that reach the site's own port from a private address, past the proxy that speaks TLS."""

import ipaddress
from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase


class InsideCalls:
    """Middleware that lets programs of the same machine or network be answered where they call.

    A proxy says how its caller came (X-Forwarded-Proto). A call that says nothing would be sent to
    https at a name which, seen from there, may not even lead here.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Count a call from inside as one that needs no redirect."""
        if is_private(request.META.get("REMOTE_ADDR", "")):
            request.META.setdefault("HTTP_X_FORWARDED_PROTO", "https")
        return self.get_response(request)


def is_private(address: str) -> bool:
    """Return whether an address is of a private network or of this machine."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False
