"""The request, person and job that a line of the log belongs to."""

import logging
from contextvars import ContextVar
from typing import Any

from django.utils.functional import LazyObject

REQUEST: ContextVar[Any] = ContextVar("request", default=None)
"""The web request that is being answered; the request log sets it."""

CONTROL = {number: f"\\x{number:02x}" for number in (*range(32), 127)} | {
    number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029, *range(0x202A, 0x202F))
}


class CurrentJob:
    """The job of this process; workers and children have one at a time."""

    pk = ""


def set_job(pk: object) -> None:
    """Set the job that this process works on; empty: none."""
    CurrentJob.pk = str(pk)


class Where(logging.Filter):
    """Adds the ids to each record, and keeps untrusted text from forging lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids and let every record pass."""
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
    """Return the id of the request's person if it is known already, without a query."""
    known = getattr(request, "__dict__", {})
    user = known.get("user")
    if isinstance(user, LazyObject):
        user = known.get("_cached_user")
    return str(getattr(user, "pk", None) or "")
