"""The outbox: notices are written in the transaction that ends a job, and delivered elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from jobsite.jobs.models.notification import Channel, Delivery
from jobsite.jobs.status import Status

if TYPE_CHECKING:
    from jobsite.jobs.models.job import Job


def heard(rows: models.QuerySet, to: Status) -> list[Any]:
    """Of the rows that are about to end so, the keys of those whose owner wants to be told."""
    listening = Channel.objects.filter(**{to.value: True}).values("owner")
    return list(rows.filter(owner__in=listening).order_by().values_list("pk", flat=True))


def write(jobs: Iterable["Job"], to: Status) -> None:
    """Put a notice of each job into the outbox, one for each channel of its owner."""
    jobs = list(jobs)
    channels: dict[Any, list[Channel]] = defaultdict(list)
    owners = {job.owner_id for job in jobs}
    for channel in Channel.objects.filter(owner__in=owners, **{to.value: True}):
        channels[channel.owner_id].append(channel)
    Delivery.objects.bulk_create(
        Delivery(channel=channel, job_id=job.pk, body=body_of(job))
        for job in jobs
        for channel in channels[job.owner_id]
    )


def body_of(job: "Job") -> dict[str, Any]:
    """What a notice says: the job as the API shows it, without its result."""
    place = job.get_absolute_url() if job.has_pages else ""
    return {
        "event": "finished",
        "id": str(job.pk),
        "kind": job.kind,
        "name": job.name,
        "status": job.status,
        "error": job.error,
        "attempt": job.attempt,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "path": str(job.result_path),
        "url": f"{settings.ORIGIN}{place}",
    }
