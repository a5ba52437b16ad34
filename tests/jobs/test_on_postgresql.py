"""What only PostgreSQL has: advisory locks that hosts share, sessions that no dump may hold."""

import subprocess

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
from django.utils import timezone

from jobsite.jobs.backup import database
from jobsite.jobs.models.host import clock_offset
from jobsite.jobs.storage.advisory_locks import LEAD, AdvisoryLock
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the suite runs on SQLite"),
]


def test_one_leads_until_it_lets_go_or_is_cut_off() -> None:
    first, second = AdvisoryLock(LEAD), AdvisoryLock(LEAD)
    assert first.is_held()
    assert not second.is_held()
    assert first.is_held()
    first.release()
    assert wait_until(second.is_held)
    assert not first.is_held()
    with connection.cursor() as cursor:  # as the server does with a session of a lost host
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND objid = %s",
            [LEAD],
        )
    with pytest.raises(DatabaseError):
        second.is_held()
    assert wait_until(first.is_held)
    first.release()


def test_a_dump_of_postgresql_holds_no_session(tmp_path) -> None:
    Session.objects.create(session_key="k" * 32, session_data="x", expire_date=timezone.now())
    database.take(tmp_path / "dump")
    words = ["pg_restore", "--data-only", "--file=-", str(tmp_path / "dump")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "k" * 32 not in said
    assert "COPY public.jobs_tally" in said


def test_the_clock_of_this_machine_is_compared_with_that_of_the_server() -> None:
    assert abs(clock_offset()) < 2
