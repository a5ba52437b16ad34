"""The abstract model of a job: the columns and operations that every kind shares."""

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

from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.job_queryset import JobQuerySet
from jobsite.jobs.models.kind import Kind
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.status import ACTIVE, CAN_CANCEL, CAN_RETRY, CHOICES, FINISHED, Status
from jobsite.jobs.storage.disk_space import size_of
from jobsite.jobs.storage.files import alone_in

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
SEEN = Q(delete_requested=False)
RESULT = "result"  # the folder of the artifacts, inside the job's folder


class Job(Kind, models.Model):
    """A long-running piece of work that a user submitted.

    The row is the source of truth; processes follow it. A kind of job is a concrete subclass that
    names its `kind`, `cluster` and `runner`, and declares whatever else the site needs (see
    `Kind`). Never assign `status`: `JobQuerySet.transition` is the only way to change it.
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
    deaths = models.PositiveSmallIntegerField(default=0, editable=False)
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
            # What one person sees: counted, and the newest and the latest ended first.
            models.Index(fields=["owner", "status"], name="%(class)s_count", condition=SEEN),
            models.Index(fields=["owner", "-created_at"], name="%(class)s_newest", condition=SEEN),
            models.Index(fields=["owner", "-finished_at"], name="%(class)s_ended", condition=SEEN),
            models.Index(fields=["-created_at"], name="%(class)s_all"),  # the admin panel's list
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(f"{self.kind}:detail", args=[self.pk])

    # --- reading ---

    @property
    def is_active(self) -> bool:
        """Whether the job is queued, running or paused."""
        return self.status in ACTIVE

    def as_dict(self) -> dict[str, Any]:
        """Return the fields of any kind of job that the API, commands and notifications show."""
        return {name: getattr(self, name) for name in DESCRIBED}

    def as_event(self) -> dict[str, Any]:
        """Return the body of the notification that the job has ended, as JSON values."""
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in self.as_dict().items()
        }
        place = self.get_absolute_url() if self.has_pages else ""
        links = {"path": str(self.result_path), "url": f"{settings.ORIGIN}{place}"}
        return {"event": "finished", **told, "id": str(self.pk), **links}

    @property
    def headline(self) -> str:
        """The text of its link in lists: its name, or what came of it if that is short."""
        return self.name

    @property
    def is_lease_over(self) -> bool:
        """Whether the lease has expired, because no worker renewed it in time."""
        return self.lease_expires_at is None or self.lease_expires_at < timezone.now()

    @property
    def can_cancel(self) -> bool:
        """Whether the status allows cancelling and nobody has requested it yet."""
        return self.status in CAN_CANCEL and not self.cancel_requested

    @property
    def can_retry(self) -> bool:
        """Whether the job failed or was cancelled, so that it may be queued again."""
        return self.status in CAN_RETRY

    @property
    def directory(self) -> Path:
        """The job's folder in the data folder; it may not exist yet."""
        return Path(settings.DATA_DIR) / self.kind / str(self.pk)

    @property
    def draft(self) -> Path:
        """The folder in which the current attempt writes its artifacts."""
        return self.directory / f"attempt-{self.attempt}"

    @property
    def result_path(self) -> Path:
        """The folder of the published result, which a notification program is given."""
        return self.directory / RESULT

    @property
    def artifacts(self) -> Path:
        """The folder with the artifacts of the successful attempt, for readers.

        The status becomes `succeeded` a moment before the worker publishes the artifacts. Reading
        this property publishes them if necessary, so that readers need not wait.
        """
        if self.status == Status.SUCCEEDED:
            self.publish()
        return self.directory / RESULT

    @property
    def memory_limit_mb(self) -> int | None:
        """The memory that the child's process tree may use, in MiB (PSS); None: no limit."""
        return None

    @property
    def hard_time_limit(self) -> float | None:
        """The number of seconds after which the child is killed; None: never."""
        return self.time_limit

    # --- transitions (each a guarded UPDATE; True if it took effect) ---

    def _row(self) -> JobQuerySet:
        return type(self).objects.filter(pk=self.pk)

    def cancel(self) -> bool:
        """Cancel at once if nothing runs, else ask the supervisor, which reacts within a second.

        Return whether either took effect.
        """
        at_once = CAN_CANCEL if self.runner is None else CAN_CANCEL - {Status.RUNNING}
        if self._row().filter(status__in=at_once).transition(Status.CANCELLED):
            self.log("Cancelled.")
            return True
        asked = self._row().filter(status=Status.RUNNING).update(cancel_requested=True)
        if asked:
            self.log("Cancelling: the running work is being stopped.")
        return bool(asked)

    def requeue_by_hand(self) -> bool:
        """Queue a failed or cancelled job again; wake no worker (`queue.retry` does).

        Return whether the status allowed it.
        """
        moved = self._row().requeue_by_hand()
        if moved:
            self.log("Queued again.")
        return bool(moved)

    def request_delete(self) -> None:
        """Cancel the job and hide it from users; housekeeping purges it once nothing runs."""
        self.cancel()
        self._row().update(delete_requested=True)

    def purge(self) -> None:
        """Remove the row, its log lines and its files."""
        shutil.rmtree(self.directory, ignore_errors=True)
        JobEvent.objects.filter(job_id=self.pk).delete()
        self.delete()

    def publish(self) -> None:
        """Rename the successful attempt's draft folder to the result folder that pages read.

        Idempotent and safe to run concurrently: a worker, housekeeping and readers all call it.
        Older attempts' drafts are removed.
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
        """Add a line to the job's log; `level` is info, warning or error."""
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
        """Return the bytes that a user's jobs of this kind occupy on disk.

        A kind that keeps files outside the job folders overrides this to add them.
        """
        return sum(size_of(job.directory) for job in cls.objects.filter(owner=owner).only("pk"))

    @classmethod
    def request_delete_all(cls, owner: Any) -> None:
        """Request the deletion of a user's jobs of this kind, with every file of theirs."""
        for job in cls.objects.filter(owner=owner, delete_requested=False):
            job.request_delete()

    @classmethod
    def remove_belongings(cls, owner: Any) -> None:
        """Delete a user's files of this kind beside jobs; called once no job is left."""

    @classmethod
    def remove_uploads(cls, before: datetime) -> None:
        """Delete uploads older than `before` that no job uses; housekeeping calls this hourly."""

    @classmethod
    def keep_alive(cls) -> None:
        """Start the job if it must always run; housekeeping calls this every second or two."""
