"""Advisory locks of PostgreSQL, which several hosts see and which end with their holder's session.

SQLite serves one host, whose processes have locks of their own: there each of these is free.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

# The numbers mean something in this program's database alone.
START, LEAD = 7_105_001, 7_105_002


class AdvisoryLock:
    """A lock that its holder keeps until it lets go, ends, or is cut off from the database."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.session: BaseDatabaseWrapper | None = None
        """The connection that holds it, kept apart from those that are closed in between."""

    def is_held(self) -> bool:
        """Return whether it is ours, after trying to take it. Raises DatabaseError."""
        if connection.vendor != "postgresql":
            return True
        if self.session is not None:
            try:
                return self._answer(self.session, "SELECT true")
            except DatabaseError:
                self.release()
                raise
        session = connection.copy()
        try:
            if self._answer(session, "SELECT pg_try_advisory_lock(%s)", self.number):
                self.session = session
        finally:
            if self.session is None:
                session.close()
        return self.session is not None

    def release(self) -> None:
        """Let go of it, if it is held."""
        if self.session is not None:
            self.session.close()
            self.session = None

    @staticmethod
    def _answer(session: BaseDatabaseWrapper, sql: str, *values: int) -> bool:
        with session.cursor() as cursor:
            cursor.execute(sql, values)
            return bool(cursor.fetchone()[0])


@contextmanager
def alone(number: int) -> Iterator[None]:
    """Hold a lock, once it is free. Raises DatabaseError."""
    if connection.vendor != "postgresql":
        yield
        return
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        yield
    finally:
        session.close()
