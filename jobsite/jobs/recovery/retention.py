"""Retention: log lines, notifications, finished jobs, uploads, sessions, scraps."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.file import SessionStore
from django.utils import timezone

from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.models.notification import WAITING, Delivery
from jobsite.jobs.models.submission import Submission
from jobsite.jobs.status import FINISHED

AT_ONCE = 500
FORGET_SUBMISSIONS = timedelta(days=2)
FORGET_NOTICES = timedelta(days=30)


def sweep() -> None:
    """Remove everything that is past its time."""
    now = timezone.now()
    Submission.objects.filter(at__lt=now - FORGET_SUBMISSIONS).delete()
    Delivery.objects.exclude(state=WAITING).filter(created_at__lt=now - FORGET_NOTICES).delete()
    SessionStore.clear_expired()
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
    """Delete abandoned uploads, and the remains of a killed backup or restore."""
    yesterday = time.time() - 86_400
    for file in settings.FILE_UPLOAD_TEMP_DIR.iterdir():
        if file.is_file() and file.stat().st_mtime < yesterday:
            file.unlink(missing_ok=True)
