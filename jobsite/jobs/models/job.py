"""What every kind of job shares: its row and what may happen to it."""

import contextlib
import os
import shutil
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.files import alone_in
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.job_queryset import JobQuerySet
from jobsite.jobs.models.kind import Kind
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import ACTIVE, CAN_CANCEL, CAN_RETRY, CHOICES, FINISHED, Status

DESCRIBED = (
    "id",
    "kind",
    "name",
    "status",
    "progress",
    "message",
    "attempt",
    "created_at",
    "started_at",
    "finished_at",
    "error",
)
RESULT = "result"  # the folder of the artifacts, within that of the job


class Job(Kind, models.Model):
    """Long work that somebody handed over. The row is the truth; processes follow it.

    A kind of job is a concrete subclass that names its `kind`, its `cluster` and its `runner`, and
    declares what else the site needs to know (see `Kind`).
    Nobody assigns `status`: `JobQuerySet.transition` is the only way.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=255)
    status = models.CharField(
        max_length=16, choices=CHOICES, default=Status.QUEUED.value, editable=False
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    attempt = models.PositiveIntegerField(default=0, editable=False)
    losses = models.PositiveSmallIntegerField(default=0, editable=False)
    worker = models.ForeignKey(
        Worker, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    delete_requested = models.BooleanField(default=False, editable=False)
    time_limit = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    progress = models.FloatField(default=0, editable=False)
    message = models.CharField(max_length=255, blank=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    result = models.JSONField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_finished_at_iff_finished",
                condition=Q(status__in=sorted(s.value for s in FINISHED), finished_at__isnull=False)
                | Q(status__in=sorted(s.value for s in ACTIVE), finished_at__isnull=True),
            )
        ]
        indexes = [
            models.Index(
                fields=["-priority", "queued_at"],
                name="%(class)s_claim",
                condition=Q(status=Status.QUEUED.value),
            ),
            models.Index(fields=["owner", "status", "-created_at"], name="%(class)s_owner"),
            models.Index(fields=["status", "lease_expires_at"], name="%(class)s_lease"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this job."""
        return reverse(f"{self.kind}:detail", args=[self.pk])

    # --- reading ---

    @property
    def is_active(self) -> bool:
        """Whether the job is not finished."""
        return self.status in ACTIVE

    def as_dict(self) -> dict[str, Any]:
        """What every kind of job tells of itself, to the API, to commands and to notifications."""
        return {name: getattr(self, name) for name in DESCRIBED}

    def as_event(self) -> dict[str, Any]:
        """What a notification of its end says, as values of JSON."""
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in self.as_dict().items()
        }
        place = self.get_absolute_url() if self.has_pages else ""
        links = {"path": str(self.result_path), "url": f"{settings.ORIGIN}{place}"}
        return {"event": "finished", **told, "id": str(self.pk), **links}

    @property
    def is_lease_over(self) -> bool:
        """Whether no worker has renewed the lease in time."""
        return self.lease_expires_at is None or self.lease_expires_at < timezone.now()

    @property
    def can_cancel(self) -> bool:
        """Whether cancelling makes sense now."""
        return self.status in CAN_CANCEL and not self.cancel_requested

    @property
    def can_retry(self) -> bool:
        """Whether the job may be queued once more."""
        return self.status in CAN_RETRY

    @property
    def directory(self) -> Path:
        """The job's own folder."""
        return Path(settings.DATA_DIR) / self.kind / str(self.pk)

    @property
    def draft(self) -> Path:
        """Where the running attempt writes its artifacts."""
        return self.directory / f"attempt-{self.attempt}"

    @property
    def result_path(self) -> Path:
        """Where the result will lie: what a program that runs at the end is given to work on."""
        return self.directory / RESULT

    @property
    def artifacts(self) -> Path:
        """Where the artifacts of the attempt that succeeded lie, for whoever reads them.

        The row says so a moment before its worker publishes them; nobody has to wait for that.
        """
        if self.status == Status.SUCCEEDED:
            self.publish()
        return self.directory / RESULT

    @property
    def memory_limit_mb(self) -> int | None:
        """Resident memory that the child's process tree may use, in MiB. None: no limit."""
        return None

    @property
    def hard_time_limit(self) -> float | None:
        """Seconds after which the child is killed; None: never."""
        return self.time_limit

    # --- moving (each a guarded UPDATE; True where it took effect) ---

    def _row(self) -> JobQuerySet:
        return type(self).objects.filter(pk=self.pk)

    def cancel(self) -> bool:
        """Cancel at once where nothing runs; else ask the supervisor, which obeys in a second."""
        at_once = CAN_CANCEL if self.runner is None else CAN_CANCEL - {Status.RUNNING}
        if self._row().filter(status__in=at_once).transition(Status.CANCELLED):
            self.log("Cancelled.")
            return True
        asked = self._row().filter(status=Status.RUNNING).update(cancel_requested=True)
        if asked:
            self.log("Cancelling: the running work is being stopped.")
        return bool(asked)

    def requeue_by_hand(self) -> bool:
        """Queue a failed or cancelled job once more; `queue.retry` also wakes a worker."""
        moved = self._row().requeue_by_hand()
        if moved:
            self.log("Queued again.")
        return bool(moved)

    def request_delete(self) -> None:
        """Hide the job from its people now; housekeeping purges it once nothing runs."""
        self.cancel()
        self._row().update(delete_requested=True)

    def purge(self) -> None:
        """Remove the job with its log and files."""
        shutil.rmtree(self.directory, ignore_errors=True)
        JobEvent.objects.filter(job_id=self.pk).delete()
        self.delete()

    def publish(self) -> None:
        """Put the artifacts of the attempt that succeeded where pages look for them.

        Harmless to repeat, also at the same moment: a worker, housekeeping and readers all do it.
        """
        if not self.draft.exists():
            return
        place = self.directory / RESULT
        with contextlib.suppress(FileNotFoundError), alone_in(self.directory):  # or just deleted
            if self.draft.exists():
                shutil.rmtree(place, ignore_errors=True)
                os.replace(self.draft, place)  # noqa: PTH105 (rename, and only rename)
            for old in self.directory.glob("attempt-*"):
                shutil.rmtree(old, ignore_errors=True)

    # --- the log ---

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log."""
        JobEvent.objects.create(
            kind=self.kind, job_id=self.pk, attempt=self.attempt, level=level, text=text
        )

    @property
    def events(self) -> models.QuerySet[JobEvent]:
        """The job's log, oldest line first."""
        return JobEvent.objects.filter(job_id=self.pk)

    # --- what a kind may override ---

    @classmethod
    def stored_bytes(cls, owner: Any) -> int:
        """What the files of one person's jobs take; a kind adds what it keeps elsewhere."""
        jobs = cls.objects.filter(owner=owner).only("pk")
        files = (path for job in jobs for path in job.directory.rglob("*"))
        return sum(path.stat().st_size for path in files if path.is_file())

    @classmethod
    def remove_uploads(cls, before: datetime) -> None:
        """Delete what people sent before that time and no job uses; called by housekeeping."""

    @classmethod
    def keep_alive(cls) -> None:
        """Called by housekeeping every second or two; a kind that must always run starts itself."""
