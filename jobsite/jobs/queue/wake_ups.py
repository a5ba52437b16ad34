"""Wake-ups: messages on django-q2's queue that say only that there is work of a kind."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_spawn

from jobsite.jobs.execution import worker


def wake(cluster: str) -> None:
    """Tell the workers of a cluster that there is something to claim."""
    OrmQ.objects.create(key=cluster, payload="", lock=timezone.now())


def waiting_wake_ups(clusters: Iterable[str]) -> dict[str, int]:
    """How many wake-ups nobody has taken yet, by cluster."""
    return {cluster: OrmQ.objects.filter(key=cluster).count() for cluster in clusters}


def worker_spawned(**_: Any) -> None:
    """Called by django-q2 in each new worker process."""
    worker.prepare()


post_spawn.connect(worker_spawned, dispatch_uid="jobsite.jobs")
