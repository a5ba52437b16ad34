"""The work of a django-q2 worker: claim a job, start its child, have it supervised."""

import logging
import os
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections

from jobsite.jobs import shutdown
from jobsite.jobs.execution.child_process import Child
from jobsite.jobs.execution.supervisor import Supervision
from jobsite.jobs.models import site_identity
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import clusters, keeps_spare_child, run_by, warm_seconds
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.storage import hold

log = logging.getLogger(__name__)

BEAT_EVERY = 5.0


@dataclass
class Registration:
    """This worker process: its row, its parent and its spare child."""

    cluster: str
    row: Worker | None = None
    is_ours: bool = False
    """Whether the database is known to be that of the data folder."""
    parent: int = field(default_factory=os.getppid)
    spare: Child | None = None
    """The process for the next job, if it is started ahead of it or kept after the last one."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_abandoned(self) -> bool:
        """Whether the site stops, or the django-q2 sentinel that forked this process is dead."""
        return shutdown.is_cut() or os.getppid() != self.parent

    def sign_in(self) -> Worker:
        """Return the row of this process, written anew if housekeeping has removed it.

        Raises ImproperlyConfigured if the database is that of another site.
        """
        with self.lock:
            if not self.is_ours:
                if sentence := site_identity.conflict():
                    raise ImproperlyConfigured(sentence)
                self.is_ours = site_identity.is_agreed()
            if self.row is None or not Worker.objects.beat(self.row.pk):
                self.row = Worker.of_this_process(self.cluster)
            return self.row

    def take_child(self) -> Child:
        """Return the spare child, or a new one if there is none alive."""
        with self.lock:
            child, self.spare = self.spare, None
        if child is not None:
            if child.is_usable:
                return child
            child.close()
        return Child(self.cluster)

    def give_back(self, child: Child) -> None:
        """Keep the process of a job that is over for the next one, if it can take another."""
        if child.forks and child.is_usable:
            child.tidy()
            with self.lock:
                self.spare = child
        else:
            child.close()
            if not child.forks:
                self.keep_spare()

    def keep_spare(self) -> None:
        """Start the next child ahead of its job, if its imports take seconds."""
        with self.lock:
            if self.spare is None and keeps_spare_child(self.cluster):
                self.spare = Child(self.cluster)

    def warm_up(self) -> None:
        """Start the process that forks the jobs of this cluster, if it has one and none runs."""
        with self.lock:
            if self.spare is None and warm_seconds(self.cluster):
                self.spare = Child(self.cluster)

    def cool_down(self) -> None:
        """End that process once it has had no job for long."""
        most = warm_seconds(self.cluster)
        with self.lock:
            child = self.spare
            if not most or child is None or time.monotonic() - child.used < most:
                return
            self.spare = None
        child.close()


REGISTRATION: Registration | None = None


def registration() -> Registration:
    """Return the registration of this process."""
    global REGISTRATION
    if REGISTRATION is None:
        REGISTRATION = Registration(os.environ.get("Q_CLUSTER_NAME") or next(iter(clusters())))
    return REGISTRATION


def prepare() -> None:
    """Register this worker process, keep its row fresh and start a spare child."""
    mine = registration()
    try:
        mine.sign_in()
    except DatabaseError:
        log.exception("The database does not answer; the worker signs in later.")
    except ImproperlyConfigured as error:
        log.critical("%s", error)
    mine.keep_spare()
    threading.Thread(target=keep_signing, args=[mine], daemon=True).start()


def keep_signing(mine: Registration) -> None:
    """Renew the worker's row until the site stops; end the process if its parent is dead.

    A worker whose sentinel was killed would wait at a queue that nobody fills any more.
    """
    while not shutdown.is_cut(BEAT_EVERY):
        if os.getppid() != mine.parent:
            os._exit(1)
        mine.cool_down()
        try:
            mine.sign_in()
        except DatabaseError:
            connection.close()
        except ImproperlyConfigured as error:
            log.critical("%s", error)


def work() -> None:
    """Run jobs until none is left to claim. Never raises: django-q2 would keep the failure.

    A wake-up without a job is how a page announces that one is likely to come soon.
    """
    mine = registration()
    try:
        mine.warm_up()
        while not mine.is_abandoned:
            job = claim(mine)
            if job is None:
                return
            child = mine.take_child()
            try:
                Supervision(job, child).run()
            finally:
                mine.give_back(child)
    except Exception:
        log.exception("A worker of %s gave up on a wake-up.", mine.cluster)
        connections.close_all()


def claim(mine: Registration) -> Job | None:
    """Return the next job of this cluster, of any kind; None if there is none, or all is held."""
    row = mine.sign_in()
    if hold.is_held():
        return None
    for model in run_by(mine.cluster):
        job = model.objects.claim(row, settings.JOBS_PER_OWNER)
        if job is not None:
            Worker.objects.filter(pk=row.pk).update(job_kind=job.kind, job_id=job.pk)
            job.log(f"Started (attempt {job.attempt}).")
            return job
    Worker.objects.filter(pk=row.pk).update(job_kind="", job_id=None)
    return None
