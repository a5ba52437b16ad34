"""Submission and retry of jobs: the row and its wake-up are written in one transaction."""

from typing import Any

from django.db import IntegrityError, transaction

from jobsite.jobs.models import allowance, submission
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.queue.wake_ups import wake
from jobsite.jobs.status import Status
from jobsite.jobs.text import one_line


def submit(job: Job) -> None:
    """Store a new job and wake a worker, in one transaction.

    If the same submission was sent before (see `models.submission`), `job` becomes the job that it
    created. Raises OverAllowance with a sentence for the owner.
    """
    job.name = one_line(job.name)
    key = submission.next_key() if job.owner_id else ""
    if key and submission.made_before(job, key):
        return
    try:
        with transaction.atomic():
            check_allowance(job.owner)
            if key:
                submission.note(job, key)
            job.save(force_insert=True)
            job.log("Queued.")
            wake(job.cluster)
    except IntegrityError:  # the same submission arrived concurrently
        if not key or not submission.made_before(job, key):
            raise


def check_allowance(owner: Any, more: int = 1) -> None:
    """Raise OverAllowance if `more` jobs exceed the owner's limit or their space is used up.

    A job without an owner has no limits.
    """
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
    """Return the bytes that a user's files occupy, over all kinds of job."""
    return sum(model.stored_bytes(owner) for model in job_models())


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job again and wake a worker.

    Return False if its status does not allow it. Raises OverAllowance with a sentence for the
    owner.
    """
    check_allowance(job.owner)
    with transaction.atomic():
        moved = job.requeue_by_hand()
        if moved:
            wake(job.cluster)
    return moved
