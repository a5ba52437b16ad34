"""Handing work over: the row and its wake-up, in one transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_spawn

from . import worker
from .models import Job


def wake(cluster: str) -> None:
    """Tell the workers of a cluster that there is something to claim."""
    OrmQ.objects.create(key=cluster, payload="", lock=timezone.now())


def submit(job: Job) -> None:
    """Store a new job and wake a worker; both happen or none."""
    with transaction.atomic():
        job.save(force_insert=True)
        job.log("Queued.")
        wake(job.cluster)


def retry(job: Job) -> bool:
    """Queue a failed or cancelled job once more; False where its status does not allow it."""
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
