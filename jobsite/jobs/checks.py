"""System checks: what an operator should know before the first job."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, register


@register("database", deploy=True)
def sqlite_is_recent(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """SQLite before 3.51.3 can, rarely, corrupt a WAL file that several processes write."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if not is_sqlite or sqlite3.sqlite_version_info >= (3, 51, 3):
        return []
    return [
        Info(
            f"SQLite {sqlite3.sqlite_version} has a rare race that can damage a database which "
            "several processes write (fixed in 3.51.3).",
            hint="Keep backups, or set DATABASE_URL to a PostgreSQL database.",
            id="jobs.I001",
        )
    ]
