"""What is printed with a failed test of the trees that it used: their jobs, and their own log."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator

import psycopg

from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.kinds import job_models
from tests.support.running_site import Site

LINES = 80
FIELDS = "id, status, attempt, losses, progress, message, error"


def account(site: Site) -> str:
    """The jobs that did not succeed, the last events, and the end of the site's log."""
    parts = [f"--- {site.folder} at {site.url}"]
    with contextlib.suppress(sqlite3.Error, psycopg.Error):
        parts += jobs(site)
    with contextlib.suppress(OSError):
        parts += ["its log ends:", *site.log.splitlines()[-LINES:]]
    return "\n".join(parts)


def jobs(site: Site) -> Iterator[str]:
    """Lines about rows, read beside the tree and without Django's connection."""
    for model in job_models():
        rows = read(site, f"SELECT {FIELDS} FROM {model._meta.db_table}")
        counts = Counter(status for _, status, *_ in rows)
        yield f"{model.kind}: {dict(counts)}"
        yield from (f"  {row}" for row in rows[:LINES] if row[1] != "succeeded")
    events = f"SELECT * FROM {JobEvent._meta.db_table} ORDER BY id DESC LIMIT {LINES}"
    yield from (f"  {row}" for row in reversed(read(site, events)))


def read(site: Site, sql: str) -> list[tuple]:
    """The rows of a query on the tree's database."""
    url = site.database_url()
    if url.startswith("postgres"):
        with psycopg.connect(url) as server:
            return server.execute(sql).fetchall()
    with contextlib.closing(sqlite3.connect(f"file:{site.database}?mode=ro", uri=True)) as file:
        return file.execute(sql).fetchall()
