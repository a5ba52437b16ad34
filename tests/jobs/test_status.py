"""The state machine, exhaustively: every status, every target."""

import itertools

import pytest
from django.db import IntegrityError, transaction

from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import ACTIVE, ALLOWED_FROM, FINISHED, Status
from tests.drill.models import Drill

pytestmark = pytest.mark.django_db

ALLOWED = {
    ("queued", "running"),
    ("queued", "paused"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("succeeded", "queued"),
    ("running", "paused"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("paused", "queued"),
    ("paused", "cancelled"),
    ("failed", "queued"),
    ("cancelled", "queued"),
}


def drill(owner, status: Status) -> Drill:
    """A row that is in `status`, put there past the state machine."""
    job = Drill.objects.create(owner=owner, name="x")
    finished_at = job.created_at if status in FINISHED else None
    Drill.objects.filter(pk=job.pk).update(status=status, finished_at=finished_at)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(("source", "target"), list(itertools.product(Status, Status)))
def test_a_transition_happens_exactly_where_the_table_allows_it(ann, source, target):
    job = drill(ann, source)
    moved = Drill.objects.filter(pk=job.pk).transition(target)
    job.refresh_from_db()
    assert moved == ((source, target) in ALLOWED)
    assert job.status == (target if moved else source)
    assert (job.finished_at is not None) == (job.status in FINISHED)


def test_active_and_finished_divide_all_statuses():
    assert set(Status) == ACTIVE | FINISHED
    assert not ACTIVE & FINISHED
    assert ALLOWED_FROM.keys() == set(Status)


@pytest.mark.parametrize("status", Status)
def test_the_database_refuses_a_finish_time_that_contradicts_the_status(ann, status):
    job = drill(ann, status)
    wrong = None if status in FINISHED else job.created_at
    with pytest.raises(IntegrityError), transaction.atomic():
        Drill.objects.filter(pk=job.pk).update(finished_at=wrong)


@pytest.mark.parametrize("status", Status)
def test_what_a_person_may_do_follows_from_the_status(ann, status):
    job = drill(ann, status)
    assert job.can_cancel == (status in {"queued", "running", "paused"})
    assert job.can_retry == (status in {"failed", "cancelled"})
    assert job.cancel() == job.can_cancel
    job.refresh_from_db()
    # A running job is stopped by its supervisor, any other at once.
    assert job.cancel_requested == (status == "running")


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PAUSED, *sorted(FINISHED)])
def test_leaving_a_worker_clears_every_trace_of_it(ann, status):
    worker = Worker.of_this_process("drill")
    job = Drill.objects.create(owner=ann, name="x")
    assert Drill.objects.claim(worker).pk == job.pk
    Drill.objects.filter(pk=job.pk).update(cancel_requested=True)
    assert Drill.objects.filter(pk=job.pk).transition(status)
    job.refresh_from_db()
    assert (job.worker, job.lease_expires_at, job.cancel_requested) == (None, None, False)
