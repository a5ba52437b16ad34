"""Housekeeping: recovery, clean-up and backups, in a process outside the clusters it watches.

Each step stands alone: one that fails is logged and does not hold up the others. Of several hosts
one leads: it does what concerns all of them, and each looks after its own processes.
"""

import itertools
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import F
from django.utils import timezone

from jobsite.jobs import pid_files, processes, queue, shutdown
from jobsite.jobs.backup.schedule import BackupSchedule
from jobsite.jobs.execution import recording
from jobsite.jobs.models.host import BEAT_EVERY, HOUSEKEEPING, Host, own_clusters, own_roles
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_queryset import LEASE
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.models.notification import WAITING, Delivery
from jobsite.jobs.models.person_deletion import PersonDeletion
from jobsite.jobs.models.tally import WEDGED, Tally
from jobsite.jobs.models.worker import SILENT_AFTER, Worker
from jobsite.jobs.queue.wake_ups import waiting_wake_ups
from jobsite.jobs.recovery import frozen_writers, retention
from jobsite.jobs.recovery.leases import take_back
from jobsite.jobs.recovery.wedged_clusters import ClusterWatch, is_left_alone, is_starting
from jobsite.jobs.status import Status
from jobsite.jobs.storage import disk_space, hold
from jobsite.jobs.storage.advisory_locks import LEAD, AdvisoryLock

log = logging.getLogger(__name__)

EVERY = 1.0
PURGE_EVERY = 5.0  # what is deleted is hidden at once
SWEEP_EVERY = 3600.0
# After an outage of the database or a jump of the clock, leases look expired whose holders are
# well: they get the time to renew before anything is taken from them.
MERCY = 12.0

FORGOTTEN = 4 * SILENT_AFTER
GONE_FOR = timedelta(days=1)  # until then a host that vanished is shown as gone


@dataclass
class Housekeeper:
    """The periodic steps, and what they remember between two runs."""

    merciful_until: float = 0.0
    jump: float = 0.0  # seconds by which the wall clock was set, not dealt with yet
    checked_at: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.time()))
    purged: float = float("-inf")
    swept: float = float("-inf")
    beaten: float = float("-inf")
    leads: bool = False
    lead: AdvisoryLock = field(default_factory=partial(AdvisoryLock, LEAD))
    watch: ClusterWatch = field(default_factory=ClusterWatch)
    backups: BackupSchedule = field(default_factory=BackupSchedule)

    def run(self) -> None:
        """Run the steps until the site stops;

        the first time at once, because the engine waits for it.
        """
        self.round()
        while not shutdown.is_cut(EVERY):
            self.round()

    def round(self) -> None:
        self.detect_clock_change()
        own: list[Callable[[], object]] = [
            frozen_writers.resume_stopped_writers,
            frozen_writers.resume_stopped_root,
            self.seek_lead,
            self.beat,
            self.recover,
            self.tend_clusters,
            keep_folders,
        ]
        of_all = [
            self.follow_clock,
            recording.replay,
            self.take_back_expired,
            self.keep_alive,
            self.purge,
            self.sweep,
            disk_space.keep_reserve,
            self.backups.step,
        ]
        for step in itertools.chain(own, (step for step in of_all if self.leads)):
            pid_files.beat("housekeeping")
            try:
                step()
            except DatabaseError as error:
                log.warning("Housekeeping waits for the database: %s", error)
                self.merciful_until = time.monotonic() + MERCY
                connections.close_all()
                return
            except Exception:
                log.exception("A step of housekeeping failed.")

    def seek_lead(self) -> None:
        """Become the leader if no other host is, or go on as it. Raises DatabaseError."""
        led, self.leads = self.leads, False
        self.leads = HOUSEKEEPING in own_roles() and self.lead.is_held()
        if led != self.leads:
            self.beaten = float("-inf")  # others are told at once
            log.info("This host %s.", "leads" if self.leads else "does not lead any more")

    def beat(self) -> None:
        """Record that this host is alive, every few seconds."""
        if time.monotonic() - self.beaten >= BEAT_EVERY:
            self.beaten = time.monotonic()
            Host.beat(self.leads)

    def detect_clock_change(self) -> None:
        """Extend the leases if the wall clock has jumped against the monotonic clock."""
        steady, wall = time.monotonic(), time.time()
        jump = (wall - self.checked_at[1]) - (steady - self.checked_at[0])
        if abs(jump) > LEASE.seconds / 3:
            log.warning("The clock jumped by %+.0f s; leases are given time to be renewed.", jump)
            self.merciful_until = steady + MERCY
            self.jump += jump
        self.checked_at = (steady, wall)

    def follow_clock(self) -> None:
        """Shift the due times along with a clock that was set."""
        if not self.jump:
            return
        by, now = timedelta(seconds=self.jump), timezone.now()
        Delivery.objects.filter(state=WAITING).update(due_at=F("due_at") + by)
        for model in job_models():
            # Set back, they were queued in the future, and younger jobs would overtake them.
            early = model.objects.filter(status=Status.QUEUED, queued_at__gt=now)
            early.update(queued_at=F("queued_at") + by)
        self.jump = 0.0

    def recover(self) -> None:
        """Take jobs back from workers of this host that are dead."""
        gone = {worker.pk for worker in Worker.objects.here() if worker.is_gone}
        if not gone:
            return
        for model in ran_models():
            for job in model.objects.filter(status=Status.RUNNING, worker__in=gone):
                take_back(job)
        Worker.objects.filter(pk__in=gone).delete()

    def take_back_expired(self) -> None:
        """Take jobs back from workers of any host that are silent past their lease."""
        merciful = time.monotonic() < self.merciful_until
        for model in ran_models():
            for job in model.objects.doubtful():
                if not job.is_lease_over:
                    # This cuts a lease that reaches too far.
                    model.objects.fenced(job.pk, job.attempt).renew()
                elif not merciful:
                    take_back(job)
        if merciful:
            return
        now = timezone.now()
        Worker.objects.filter(last_seen__lt=now - FORGOTTEN).delete()
        Host.objects.filter(last_seen__lt=now - GONE_FOR).delete()

    def tend_clusters(self) -> None:
        """Find clusters in which a job waits though a worker is free, and wake or restart them."""
        if hold.is_held():
            return
        own = own_clusters().items()
        idle = {cluster for cluster, workers in own if is_left_alone(cluster, workers)}
        self.wake_again(idle)
        self.restart_wedged(idle)

    def wake_again(self, idle: Collection[str]) -> None:
        """Queue a wake-up again for jobs whose wake-up was lost."""
        for cluster, wake_ups in waiting_wake_ups(idle).items():
            if wake_ups == 0:
                queue.wake(cluster)

    def restart_wedged(self, idle: Collection[str]) -> None:
        """Kill a cluster that has left its work alone for long.

        A worker that dies while it holds the queue's read lock stops its cluster for good, and
        the cluster does not detect it. `up` starts the tree again.
        """
        for cluster in own_clusters():
            if not self.watch.is_wedged(cluster, cluster in idle):
                continue
            leader = pid_files.leader(f"cluster-{cluster}")
            if leader is None or is_starting(cluster, leader):
                continue
            log.error("The %s cluster does not take its work: it is restarted.", cluster)
            processes.kill_group(leader)
            Tally.add(WEDGED, cluster)

    def keep_alive(self) -> None:
        """Let the kinds that must always run start themselves."""
        for model in job_models():
            model.keep_alive()

    def purge(self) -> None:
        """Remove jobs that their owner deleted, and people, once nothing of theirs runs."""
        if time.monotonic() - self.purged < PURGE_EVERY:
            return
        self.purged = time.monotonic()
        for model in job_models():
            done = model.objects.filter(delete_requested=True).exclude(status=Status.RUNNING)
            for job in done[:100]:
                job.purge()
        for deletion in PersonDeletion.objects.select_related("user"):
            deletion.step()

    def sweep(self) -> None:
        """Remove what is past its time, once an hour."""
        if time.monotonic() - self.swept < SWEEP_EVERY:
            return
        self.swept = time.monotonic()
        retention.sweep()


def ran_models() -> list[type[Job]]:
    """Return the kinds whose jobs workers run."""
    return [model for model in job_models() if model.runner]


def keep_folders() -> None:
    """Make the folders of the data folder again that somebody has removed under the site."""
    for folder in settings.NEEDED_FOLDERS:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
