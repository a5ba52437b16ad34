"""Wake-ups: messages on django-q2's queue that say only that a cluster has work."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_spawn

from jobsite.jobs.execution import worker


def wake(cluster: str) -> None:
    """Queue a message that makes a worker of the cluster look for jobs to claim."""
    OrmQ.objects.create(key=cluster, payload="", lock=timezone.now())


def waiting_wake_ups(clusters: Iterable[str]) -> dict[str, int]:
    """Return the number of wake-ups that no worker has taken yet, by cluster."""
    return {cluster: OrmQ.objects.filter(key=cluster).count() for cluster in clusters}


def worker_spawned(**_: Any) -> None:
    """Prepare a new worker process; django-q2 calls this in each one (signal `post_spawn`)."""
    worker.prepare()


post_spawn.connect(worker_spawned, dispatch_uid="jobsite.jobs")
