"""What keeps the promises: runs in a process of its own, outside the clusters that it watches.

Each step stands alone: one that fails is logged and does not hold up the others.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import Max
from django.utils import timezone

from . import lifeline, processes, queue, recording, retention
from .backup_schedule import BackupSchedule
from .models import Job, Worker, job_models
from .querysets import LEASE, SILENT_AFTER
from .status import Status
from .tallies import LOST as LEASE_LOST
from .tallies import WEDGED, Tally

log = logging.getLogger(__name__)

EVERY = 1.0
# After an outage of the database or a jump of the clock, leases look expired whose holders are
# well: they get the time to renew before anything is taken from them.
MERCY = 12.0
WEDGED_AFTER = timedelta(seconds=10)
REST = 15.0

LOST = "The worker that ran this job died; the job starts again."
LOST_TOO_OFTEN = (
    "The worker that ran this job died {losses} times, so the job was given up. The most likely "
    "causes are too little memory or a machine that is switched off; retry once that is mended."
)


@dataclass
class Housekeeper:
    """The steps, and what they remember between two rounds."""

    merciful_until: float = 0.0
    last_round: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.time()))
    swept: float = float("-inf")
    backups: BackupSchedule = field(default_factory=BackupSchedule)

    def run(self) -> None:
        """Go round until the site stops; at once for the first time, the engine waits for it."""
        self.round()
        while not lifeline.is_cut(EVERY):
            self.round()

    def round(self) -> None:
        """Every step once."""
        self.notice_clock()
        steps: list[Callable[[], object]] = [
            recording.replay,
            self.recover,
            self.wake_again,
            self.restart_wedged,
            self.keep_alive,
            self.purge,
            self.sweep,
            self.backups.step,
        ]
        for step in steps:
            try:
                step()
            except DatabaseError as error:
                log.warning("Housekeeping waits for the database: %s", error)
                self.merciful_until = time.monotonic() + MERCY
                connections.close_all()
                return
            except Exception:
                log.exception("A step of housekeeping failed.")

    def notice_clock(self) -> None:
        """Be merciful when the wall clock has jumped against the steady one."""
        steady, wall = time.monotonic(), time.time()
        if abs((wall - self.last_round[1]) - (steady - self.last_round[0])) > LEASE.seconds / 3:
            log.warning("The clock jumped; leases are given time to be renewed.")
            self.merciful_until = steady + MERCY
        self.last_round = (steady, wall)

    def recover(self) -> None:
        """Take jobs back from workers that are dead or silent past their lease."""
        gone = [worker for worker in Worker.objects.all() if worker.is_gone]
        merciful = time.monotonic() < self.merciful_until
        for model in job_models():
            if model.runner is None:
                continue
            lost = model.objects.filter(worker__in=gone) if merciful else model.objects.all()
            for job in lost.lost(gone):
                take_back(job)
        Worker.objects.filter(pk__in=[worker.pk for worker in gone]).delete()
        Worker.objects.filter(last_seen__lt=timezone.now() - 4 * SILENT_AFTER).delete()

    def wake_again(self) -> None:
        """Replace wake-ups that were lost, where jobs wait and workers are free."""
        waiting = queue.waiting_wake_ups(settings.CLUSTERS)
        for cluster, workers in settings.CLUSTERS.items():
            if waiting[cluster] == 0 and free_slots(cluster, workers) and eligible(cluster):
                queue.wake(cluster)

    def restart_wedged(self) -> None:
        """Kill a cluster that leaves eligible work alone though it has workers free.

        A worker that dies while it holds the queue's read lock stops its cluster for good, and
        the cluster does not notice. `up` starts the tree again.
        """
        for cluster, workers in settings.CLUSTERS.items():
            leader = processes.leader(f"cluster-{cluster}")
            # A cluster that has just started gets the time to take what waited for it.
            if leader is None or processes.age(leader) < REST or not is_wedged(cluster, workers):
                continue
            log.error("The %s cluster does not take its work: it is restarted.", cluster)
            processes.kill_group(leader)
            Tally.add(WEDGED, cluster)

    def keep_alive(self) -> None:
        """Let the kinds that must always run start themselves."""
        for model in job_models():
            model.keep_alive()

    def purge(self) -> None:
        """Remove jobs that their owner deleted, once nothing runs."""
        for model in job_models():
            done = model.objects.filter(delete_requested=True).exclude(status=Status.RUNNING)
            for job in done[:100]:
                job.purge()

    def sweep(self) -> None:
        """Once an hour: what is past its time."""
        if time.monotonic() - self.swept < 3600:
            return
        self.swept = time.monotonic()
        retention.sweep()


def take_back(job: Job) -> None:
    """Queue a lost job again, or fail it where that has happened too often."""
    # The lease as it was seen is part of the fence: a holder that renews just now keeps the job.
    held = type(job).objects.fenced(job).filter(lease_expires_at=job.lease_expires_at)
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
        elif held.transition(Status.QUEUED, losses=losses):
            job.log(LOST, "warning")
            queue.wake(job.cluster)


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


def is_wedged(cluster: str, workers: int) -> bool:
    """Whether a free worker has left a job alone for too long, and none was claimed meanwhile."""
    since = timezone.now() - WEDGED_AFTER
    kinds = models_of(cluster)
    claims = [model.objects.aggregate(at=Max("started_at"))["at"] for model in kinds]
    if any(at is not None and at > since for at in claims):
        return False
    waits = any(
        model.objects.eligible(settings.JOBS_PER_OWNER).filter(queued_at__lt=since).exists()
        for model in kinds
    )
    return waits and free_slots(cluster, workers) > 0
