"""The work of a django-q2 worker: claim a job, start its child, have it supervised."""

import logging
import os
import threading
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections

from jobsite.jobs import shutdown
from jobsite.jobs.execution.child_process import Child
from jobsite.jobs.execution.supervisor import Supervision
from jobsite.jobs.models import site_identity
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import clusters, run_by
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.storage import hold

log = logging.getLogger(__name__)

BEAT_EVERY = 5.0


@dataclass
class Registration:
    """This worker process: its row and its parent."""

    cluster: str
    row: Worker | None = None
    is_ours: bool = False
    """Whether the database is known to be that of the data folder."""
    parent: int = field(default_factory=os.getppid)
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


REGISTRATION: Registration | None = None


def registration() -> Registration:
    """Return the registration of this process."""
    global REGISTRATION
    if REGISTRATION is None:
        REGISTRATION = Registration(os.environ.get("Q_CLUSTER_NAME") or next(iter(clusters())))
    return REGISTRATION


def prepare() -> None:
    """Register this worker process and keep its row fresh."""
    mine = registration()
    try:
        mine.sign_in()
    except DatabaseError:
        log.exception("The database does not answer; the worker signs in later.")
    except ImproperlyConfigured as error:
        log.critical("%s", error)
    threading.Thread(target=keep_signing, args=[mine], daemon=True).start()


def keep_signing(mine: Registration) -> None:
    """Renew the worker's row until the site stops; end the process if its parent is dead.

    A worker whose sentinel was killed would wait at a queue that nobody fills any more.
    """
    while not shutdown.is_cut(BEAT_EVERY):
        if os.getppid() != mine.parent:
            os._exit(1)
        try:
            mine.sign_in()
        except DatabaseError:
            connection.close()
        except ImproperlyConfigured as error:
            log.critical("%s", error)


def work() -> None:
    """Run jobs until none is left to claim. Never raises: django-q2 would keep the failure."""
    mine = registration()
    try:
        while not mine.is_abandoned:
            job = claim(mine)
            if job is None:
                return
            Supervision(job, Child(mine.cluster)).run()
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
