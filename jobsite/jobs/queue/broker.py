"""The queue of wake-ups on top of django-q2's ORM broker.

A message says "there is work of this cluster" and nothing else. It is deleted as it is taken, so
none is ever delivered twice, and one that is lost is written again by housekeeping.

django-q2 unpickles what a message carries. Ours carry nothing: the workers get a payload that is
made and signed here as it is taken, so that what somebody wrote into the table is never unpickled,
and a secret key that has changed meanwhile loses no message.
"""

import logging
import os
from functools import cached_property
from time import sleep

from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

log = logging.getLogger(__name__)

# Asked five times a second by each cluster: Django builds such a query at six times the cost.
LOOK = "SELECT EXISTS (SELECT 1 FROM {table} WHERE key = %s)"
TAKE = """
    DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE key = %s ORDER BY id LIMIT %s
    ) RETURNING id
"""
# MATERIALIZED: otherwise the planner may run the locking SELECT more than once.
TAKE_ON_POSTGRESQL = """
    WITH taken AS MATERIALIZED (
        SELECT id FROM {table} WHERE key = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) DELETE FROM {table} USING taken WHERE {table}.id = taken.id RETURNING {table}.id
"""


def payload(number: int) -> str:
    """What makes a worker look for work, in the form that django-q2 understands."""
    return SignedPackage.dumps(
        {
            "id": f"wake-up {number}",
            "name": f"wake-up {number}",
            "func": "jobsite.jobs.execution.worker.work",
            "args": (),
            "kwargs": {},
            "started": timezone.now(),
        }
    )


class WakeUpBroker(ORM):
    """Takes messages by deleting them; has nothing to acknowledge."""

    def dequeue(self) -> list[tuple[None, str]] | None:
        """Take up to `bulk` wake-ups, oldest first; after a poll interval None."""
        if os.getppid() != self.parent:
            os._exit(1)  # the sentinel was killed: nobody takes what this pusher would fetch
        try:
            # Looking first keeps an idle site from taking SQLite's write lock at each poll.
            if self.is_anything_there():
                return self.take()
        except DatabaseError as error:
            # Raising would put the pusher to sleep for ten seconds and end it.
            log.warning("The database does not answer: %s", error)
            connections[Conf.ORM].close()
            sleep(1)
        sleep(Conf.POLL)
        return None

    @cached_property
    def parent(self) -> int:
        """The process that started this pusher, as seen at its first poll."""
        return os.getppid()

    def is_anything_there(self) -> bool:
        """Whether a wake-up waits."""
        self.get_connection()  # which lets go of a connection that is too old
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(LOOK.format(table=OrmQ._meta.db_table), [self.list_key])
            return bool(cursor.fetchone()[0])

    def take(self) -> list[tuple[None, str]]:
        """Delete the oldest wake-ups and return a payload for each."""
        connection = connections[Conf.ORM]
        sql = TAKE_ON_POSTGRESQL if connection.vendor == "postgresql" else TAKE
        with connection.cursor() as cursor:
            cursor.execute(sql.format(table=OrmQ._meta.db_table), [self.list_key, Conf.BULK])
            return [(None, payload(number)) for (number,) in cursor.fetchall()]

    def delete(self, task_id: int | None) -> None:
        """Nothing: a message that was taken is gone already."""
