"""Handing work over: the row and its wake-up, in one transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_spawn

from jobsite.jobs import idempotency
from jobsite.jobs.execution import worker
from jobsite.jobs.models import allowance
from jobsite.jobs.models.job import Job, job_models
from jobsite.jobs.status import Status
from jobsite.jobs.text import one_line


def wake(cluster: str) -> None:
    """Tell the workers of a cluster that there is something to claim."""
    OrmQ.objects.create(key=cluster, payload="", lock=timezone.now())


def submit(job: Job) -> None:
    """Store a new job and wake a worker; both happen or none.

    Where the request that asks for it was answered before, `job` becomes the job that it made.
    Raises OverAllowance with a sentence for the owner.
    """
    job.name = one_line(job.name)
    key = idempotency.next_key() if job.owner_id else ""
    if key and idempotency.made_before(job, key):
        return
    try:
        with transaction.atomic():
            check_allowance(job.owner)
            if key:
                idempotency.note(job, key)
            job.save(force_insert=True)
            job.log("Queued.")
            wake(job.cluster)
    except IntegrityError:  # the same submission, at the same moment
        if not key or not idempotency.made_before(job, key):
            raise


def check_allowance(owner: Any, more: int = 1) -> None:
    """Refuse what is beyond the owner's limits. Raises OverAllowance."""
    if owner is None:
        return
    kinds = [model for model in job_models() if model.has_pages]
    waiting = sum(
        model.objects.filter(owner=owner, status=Status.QUEUED).count() for model in kinds
    )
    allowance.check_queued(owner, waiting, more)
    if allowance.bytes_left(owner, 0) is not None:
        allowance.check_bytes(owner, stored_bytes(owner))


def stored_bytes(owner: Any) -> int:
    """What the files of a person take, over all kinds."""
    return sum(model.stored_bytes(owner) for model in job_models())


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job once more; False where its status does not allow it.

    Raises OverAllowance with a sentence for the owner.
    """
    check_allowance(job.owner)
    with transaction.atomic():
        moved = job.requeue_by_hand()
        if moved:
            wake(job.cluster)
    return moved


def waiting_wake_ups(clusters: Iterable[str]) -> dict[str, int]:
    """How many wake-ups nobody has taken yet, by cluster."""
    return {cluster: OrmQ.objects.filter(key=cluster).count() for cluster in clusters}


def worker_spawned(**_: Any) -> None:
    """Called by django-q2 in each new worker process."""
    worker.prepare()


post_spawn.connect(worker_spawned, dispatch_uid="jobsite.jobs")
