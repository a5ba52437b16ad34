"""Which request, person and job a line of the log belongs to."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject

log = logging.getLogger("jobsite.requests")

REQUEST: ContextVar[Any] = ContextVar("request", default=None)
SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})

CONTROL = {number: f"\\x{number:02x}" for number in (*range(32), 127)} | {
    number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029, *range(0x202A, 0x202F))
}


class CurrentJob:
    """The job that this process works on; workers and children have one at a time."""

    pk = ""


def set_job(pk: object) -> None:
    """From now on this process works on that job; on none where it is empty."""
    CurrentJob.pk = str(pk)


class Where(logging.Filter):
    """Adds the ids to each record, and keeps text of strangers from forging lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, completed."""
        request = REQUEST.get()
        named = {
            "request_id": getattr(request, "id", ""),
            "user": person(request),
            "job": CurrentJob.pk,
        }
        ids = " ".join(f"{key}={value}" for key, value in named.items() if value)
        record.__dict__ |= {**named, "where": f" [{ids}]" if ids else ""}
        # One record is one line, whatever a name or a header in it holds.
        record.msg, record.args = record.getMessage().translate(CONTROL), ()
        return True


def person(request: Any) -> str:
    """The id of the person whom a request is known to come from; asks no database for it."""
    told = getattr(request, "__dict__", {})
    user = told.get("user")
    if isinstance(user, LazyObject):
        user = told.get("_cached_user")
    return str(getattr(user, "pk", None) or "")


def place(request: Any) -> str:
    """The path of a request; of a one-time link only its kind, for the rest of it is a secret."""
    match = request.resolver_match
    is_secret = match is not None and match.view_name == "sign-in-link"
    return f"/{match.route}" if is_secret else str(request.path)


class RequestLog:
    """Gives each request an id and logs those that are meant to change something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Answer it, with the id in a header for whoever reports a trouble."""
        given = request.headers.get("X-Request-ID", "") if settings.PROXIES else ""
        request.id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token, began = REQUEST.set(request), time.monotonic()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request.id
            if request.method not in LOOKING:
                took = (time.monotonic() - began) * 1000
                status = response.status_code
                log.info("%s %s: %d in %.0f ms", request.method, place(request), status, took)
            return response
        finally:
            REQUEST.reset(token)
