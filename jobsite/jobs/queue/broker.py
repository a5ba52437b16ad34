"""The queue of wake-ups, on top of django-q2's ORM broker.

A message says "there is work for this cluster" and nothing else. It is deleted as it is taken, so
that none is delivered twice; housekeeping replaces lost messages.

django-q2 unpickles the payload of a message. Ours are stored empty: the payload that workers get is
built and signed here when the message is taken. Data that somebody wrote into the table is
therefore never unpickled, and no message is lost if the secret key changes in the meantime.
"""

import logging
import os
from functools import cached_property
from time import sleep
from typing import Any

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

log = logging.getLogger(__name__)

# Each cluster runs this five times a second; as an ORM query it would cost six times as much.
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
    """Return the signed django-q2 task that makes a worker look for jobs."""
    return SignedPackage.dumps(
        {
            "id": f"wake-up {number}",
            "name": f"wake-up {number}",
            "func": "jobsite.jobs.execution.worker.work",
            "args": (),
            "kwargs": {},
            "timeout": -1,  # a wake-up lasts as long as the jobs that it is answered with: days
            "started": timezone.now(),
        }
    )


class WakeUpBroker(ORM):
    """A django-q2 broker that deletes messages as it takes them, so that none is acknowledged."""

    def dequeue(self) -> list[tuple[None, str]] | None:
        """Take up to `Conf.BULK` wake-ups, oldest first; without any, return None after a poll.

        Exits the process if its parent is dead.
        """
        if os.getppid() != self.parent:
            os._exit(1)  # the sentinel was killed: nobody would run what this pusher fetches
        try:
            # Checking first keeps an idle site from taking SQLite's write lock at each poll.
            if self.is_anything_there():
                return self.take()
        except DatabaseError as error:
            # An exception would make the pusher sleep for ten seconds and then end it.
            log.warning("The database does not answer: %s", error)
            connections[Conf.ORM].close()
            sleep(1)
        sleep(Conf.POLL)
        return None

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Return the rows; the leader of a cluster, which makes a broker, needs no connection."""
        return OrmQ.objects.using(Conf.ORM)

    @cached_property
    def parent(self) -> int:
        """The id of the process that started this pusher, read at the first poll."""
        return os.getppid()

    def is_anything_there(self) -> bool:
        """Return whether a wake-up of this cluster is waiting."""
        close_old_connections()
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(LOOK.format(table=OrmQ._meta.db_table), [self.list_key])
            return bool(cursor.fetchone()[0])

    def take(self) -> list[tuple[None, str]]:
        """Delete the oldest wake-ups, at most `Conf.BULK`, and return a payload for each."""
        connection = connections[Conf.ORM]
        sql = TAKE_ON_POSTGRESQL if connection.vendor == "postgresql" else TAKE
        with connection.cursor() as cursor:
            cursor.execute(sql.format(table=OrmQ._meta.db_table), [self.list_key, Conf.BULK])
            return [(None, payload(number)) for (number,) in cursor.fetchall()]

    def delete(self, task_id: int | None) -> None:
        """Do nothing: a message that was taken is already deleted."""
