"""Clusters that do not take their work although they have free workers."""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import psutil
from django.conf import settings
from django.db.models import Q

from jobsite.jobs import processes
from jobsite.jobs.models.kinds import run_by
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import Status

WEDGED_AFTER = 10.0  # seconds
# Rounds come every second. A longer pause says that the database, or the machine, was busy with
# something else, and nothing about the workers: no more than this counts of it.
LONGEST_CHECK = 2.0
# A start imports for seconds, on a small machine that is busy for many of them. Whoever kills it
# before it is over makes it start for ever.
LONGEST_START = 120.0


@dataclass
class Idle:
    """The last state that a cluster's workers reported, and for how long it has been the same."""

    claims: Any
    checked_at: float
    seconds: float = 0.0


@dataclass
class ClusterWatch:
    """Measures how long a cluster has left work alone, on a clock that nobody can set."""

    idle: dict[str, Idle] = field(default_factory=dict)

    def is_wedged(self, cluster: str, left_alone: bool) -> bool:
        """Return whether work and a free worker have been there for too long without a claim."""
        if not left_alone:
            self.idle.pop(cluster, None)
            return False
        # Each claim changes what its worker says of itself, and so does each new worker.
        mine = Worker.objects.here().filter(cluster=cluster)
        claims = frozenset(mine.values_list("pk", "job_id"))
        now, before = time.monotonic(), self.idle.get(cluster)
        seconds = 0.0
        if before is not None and before.claims == claims:
            seconds = before.seconds + min(now - before.checked_at, LONGEST_CHECK)
        self.idle[cluster] = Idle(claims, now, seconds)
        return seconds > WEDGED_AFTER


def is_starting(cluster: str, leader: int) -> bool:
    """Return whether the cluster of this leader has no worker yet, and may still get one."""
    with contextlib.suppress(psutil.Error):
        here = Worker.objects.here().filter(cluster=cluster)
        begun = here.filter(born__gte=processes.birth(leader)).exists()
        return not begun and processes.age(leader) < LONGEST_START
    return True  # it is gone by now: `up` starts the next one


def is_left_alone(cluster: str, workers: int) -> bool:
    """Return whether a job waits in a cluster although one of its workers on this host is free."""
    models = run_by(cluster)
    # Asked every second, and mostly there is nothing: the cheap question comes first.
    if not any(model.objects.filter(status=Status.QUEUED).exists() for model in models):
        return False
    # A job whose worker has signed in anew names none.
    mine = Q(worker=None) | Q(worker__in=Worker.objects.here())
    running = sum(model.objects.filter(mine, status=Status.RUNNING).count() for model in models)
    return running < workers and any(
        model.objects.eligible(settings.JOBS_PER_OWNER).exists() for model in models
    )
