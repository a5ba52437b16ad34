"""Expired leases: the job of a lost worker is queued again, or failed after several losses."""

from django.db import transaction

from jobsite.jobs import queue
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_queryset import AFRESH
from jobsite.jobs.models.tally import LOST as LEASE_LOST
from jobsite.jobs.models.tally import Tally
from jobsite.jobs.status import Status

LOST = "The worker that ran this job died; the job starts again."

LOST_TOO_OFTEN = (
    "The worker that ran this job died {losses} times, so the job was given up. The most likely "
    "causes are too little memory or a machine that is switched off; retry once that is mended."
)


def take_back(job: Job) -> None:
    """Queue a lost job again, or fail it if it was lost too often."""
    # The lease as it was seen is part of the fence: a holder that renews just now keeps the job.
    held = type(job).objects.fenced(job.pk, job.attempt)
    held = held.filter(lease_expires_at=job.lease_expires_at)
    losses = job.losses + 1
    Tally.add(LEASE_LOST, job.kind)
    with transaction.atomic():
        if job.max_losses is not None and losses >= job.max_losses:
            reason = LOST_TOO_OFTEN.format(losses=losses)
            if held.transition(Status.FAILED, error=reason, losses=losses):
                job.log(reason, "error")
        elif job.cancel_requested:
            if held.transition(Status.CANCELLED):
                job.log("Cancelled.")
        elif held.transition(Status.QUEUED, losses=losses, **AFRESH):
            job.log(LOST, "warning")
            queue.wake(job.cluster)
