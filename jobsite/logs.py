"""The log formats: a line for people, or a JSON document for machines."""

import logging
import time
from typing import Any

from django.db.utils import InterfaceError, OperationalError
from pythonjsonlogger.core import RESERVED_ATTRS

LINE = "{asctime} {levelname:<7} {processName}[{process}] {name}: {message}{where}"
FIELDS = "asctime levelname processName process name message request_id user job"


OUTAGE_EVERY = 10.0  # seconds


class WithoutFloods(logging.Filter):
    """Shortens what Django says of each request while the database is away.

    Every open page asks every second or two: an outage of a minute would be a hundred thousand
    lines of traceback, and the one line that matters among them. Probes of readiness, which are
    answered with 503 then, and HEAD where there is none are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written; cut the traceback of a database that is away."""
        request, status = getattr(record, "request", None), getattr(record, "status_code", 0)
        if status == 503 and getattr(request, "path_info", "") == "/health/ready":
            return False
        if status == 405 and getattr(request, "method", "") == "HEAD":
            return False
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if not isinstance(error, OperationalError | InterfaceError):
            return True
        now = time.monotonic()
        if now - self.said < OUTAGE_EVERY:
            return False
        self.said = now
        record.msg = (
            f"{record.getMessage()}: the database does not answer ({' '.join(str(error).split())})"
        )
        record.args, record.exc_info = (), None
        return True


def configuration(as_json: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "where": {"()": "jobsite.jobs.log_context.Where"},
            "floods": {"()": WithoutFloods},
        },
        "formatters": {
            "line": {"format": LINE, "style": "{"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": " ".join(f"%({name})s" for name in FIELDS.split()),
                "reserved_attrs": [*RESERVED_ATTRS, "where"],
                "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "line",
                "filters": ["where"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "jobsite": {"level": "INFO"},
            "training": {"level": "INFO"},
            "downloads": {"level": "INFO"},
            "django-q": {"level": "WARNING"},
            "django.request": {"filters": ["floods"]},
        },
    }
