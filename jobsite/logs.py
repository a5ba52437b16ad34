"""The log formats: a line for people, or a JSON document for machines."""

from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS

LINE = "{asctime} {levelname:<7} {processName}[{process}] {name}: {message}{where}"
FIELDS = "asctime levelname processName process name message request_id user job"


def configuration(as_json: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"where": {"()": "jobsite.jobs.log_context.Where"}},
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
        },
    }
