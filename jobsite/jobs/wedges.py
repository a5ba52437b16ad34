"""Clusters that do not take their work though they have workers free."""

import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from .models import Job, Worker, job_models
from .status import Status

WEDGED_AFTER = 10.0  # seconds


@dataclass
class Watch:
    """Remembers since when a cluster has left work alone, on a clock that nobody can set."""

    since: dict[str, tuple[Any, float]] = field(default_factory=dict)

    def is_wedged(self, cluster: str, workers: int) -> bool:
        """Whether work and a free worker have been there for too long without a claim."""
        if free_slots(cluster, workers) <= 0 or not eligible(cluster):
            self.since.pop(cluster, None)
            return False
        # Each claim changes what its worker says of itself.
        claims = frozenset(Worker.objects.filter(cluster=cluster).values_list("pk", "job_id"))
        before, since = self.since.get(cluster, (None, 0.0))
        if claims == before:
            return time.monotonic() - since > WEDGED_AFTER
        self.since[cluster] = (claims, time.monotonic())
        return False


def models_of(cluster: str) -> list[type[Job]]:
    """The kinds that the workers of a cluster run."""
    return [model for model in job_models() if model.cluster == cluster and model.runner]


def free_slots(cluster: str, workers: int) -> int:
    """How many workers of a cluster have nothing to do."""
    return workers - sum(
        model.objects.filter(status=Status.RUNNING).count() for model in models_of(cluster)
    )


def eligible(cluster: str) -> bool:
    """Whether a job waits that a free worker may take."""
    return any(
        model.objects.eligible(settings.JOBS_PER_OWNER).exists() for model in models_of(cluster)
    )
