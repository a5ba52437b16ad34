"""Retention: log lines, notifications, finished jobs, uploads, sessions, scraps."""

import contextlib
import shutil
import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.models.notification import WAITING, Delivery
from jobsite.jobs.models.submission import Submission
from jobsite.jobs.status import FINISHED
from jobsite.jobs.storage.files import LOCK

AT_ONCE = 500
FORGET_SUBMISSIONS = timedelta(days=2)
FORGET_NOTICES = timedelta(days=30)


def sweep() -> None:
    """Remove everything that is past its time."""
    now = timezone.now()
    Submission.objects.filter(at__lt=now - FORGET_SUBMISSIONS).delete()
    Delivery.objects.exclude(state=WAITING).filter(created_at__lt=now - FORGET_NOTICES).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    remove_scraps()
    if settings.KEEP_LOG_DAYS:
        JobEvent.objects.filter(at__lt=now - timedelta(days=settings.KEEP_LOG_DAYS)).delete()
    if settings.KEEP_JOBS_DAYS:
        remove_jobs(now - timedelta(days=settings.KEEP_JOBS_DAYS))
    if settings.KEEP_UPLOADS_DAYS:
        for model in job_models():
            model.remove_uploads(now - timedelta(days=settings.KEEP_UPLOADS_DAYS))


def remove_jobs(before: datetime) -> None:
    """Delete finished jobs with log and files, a limited number per call."""
    for model in job_models():
        old = model.objects.filter(
            status__in=FINISHED, finished_at__lt=before, delete_requested=False
        )
        for job in old[:AT_ONCE]:
            job.request_delete()


def remove_scraps() -> None:
    """Delete abandoned uploads, and the remains of what was killed while it wrote.

    Those are parts and damaged files of outcomes, drafts of attempts whose job has ended, and
    folders of jobs that have no row any more.
    """
    yesterday, last_week = time.time() - 86_400, time.time() - 7 * 86_400
    uploads = [
        path
        for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir()
        if path.is_file() and path.name != LOCK
    ]
    outcomes = [*settings.OUTCOME_DIR.glob("*.part"), *settings.OUTCOME_DIR.glob("*.damaged")]
    for path in [*older(uploads, yesterday), *older(outcomes, last_week)]:
        remove(path)
    for model in job_models():
        for folder in older(directories(model), last_week):
            job = model.objects.filter(pk=folder.name).first()
            if job is None:
                remove(folder)
            elif not job.is_active:
                for draft in older(folder.glob("attempt-*"), last_week):
                    remove(draft)


def directories(model: type[Job]) -> list[Path]:
    """Return the folders of the jobs of a kind; what is not named by an id is not one of them."""
    if not model.runner:  # then no child writes artifacts, and a folder of that name is not ours
        return []
    found = []
    for folder in (Path(settings.DATA_DIR) / model.kind).glob("*-*-*-*-*"):
        with contextlib.suppress(ValueError):
            uuid.UUID(folder.name)
            found.append(folder)
    return found


def older(paths: Iterable[Path], than: float) -> list[Path]:
    """Return the paths that were last changed before a time, in seconds of the epoch."""
    found = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < than:
                found.append(path)
    return found


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
