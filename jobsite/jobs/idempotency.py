"""One press of a button makes one job, however often the browser or a script sends it.

A request names its submission: by the header `Idempotency-Key`, or by the hidden field that the tag
`{% once %}` puts into a form. A second request of the same person with the same name gets the job
that the first one made.
"""

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobsite.jobs.text import storable

FIELD = "idempotency_key"
LONGEST = 100


@dataclass
class Request:
    """The web request that is being answered, and how many jobs it has submitted so far."""

    http: HttpRequest
    count: int = 0

    def key(self) -> str:
        """The name of its next submission; empty where the sender gave none."""
        sent = self.http.headers.get("Idempotency-Key") or self.http.POST.get(FIELD, "")
        if not sent:
            return ""
        self.count += 1
        return f"{storable(sent[:LONGEST])}#{self.count}"


CURRENT: ContextVar[Request | None] = ContextVar("request", default=None)


class SubmissionMiddleware:
    """Lets `queue.submit` know the request that it works for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Remember the request while it is answered."""
        token = CURRENT.set(Request(request))
        try:
            return self.get_response(request)
        finally:
            CURRENT.reset(token)


def next_key() -> str:
    """The name of what is being submitted; empty outside a request or without a name."""
    current = CURRENT.get()
    return current.key() if current else ""


def new_key() -> str:
    """A name for the submission of a form that is being shown."""
    return uuid.uuid4().hex
