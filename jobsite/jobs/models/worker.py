"""The worker processes that run jobs, and their heartbeats."""

import os
import uuid
from datetime import timedelta
from typing import Any, Self

import psutil
from django.conf import settings
from django.db import models
from django.utils import timezone

from jobsite.jobs import processes

SILENT_AFTER = timedelta(seconds=30)


class WorkerQuerySet(models.QuerySet):
    """The rows of worker processes, alive or not."""

    def alive(self) -> Self:
        """Return the workers with a heartbeat in the last 30 seconds (`SILENT_AFTER`)."""
        return self.filter(last_seen__gt=timezone.now() - SILENT_AFTER)

    def here(self) -> Self:
        """Return the workers whose process ids are among those that this process sees."""
        return self.filter(process_space=processes.process_space())

    def beat(self, pk: Any) -> int:
        """Record a heartbeat; return 0 if the row is gone, else 1."""
        return self.filter(pk=pk).update(last_seen=timezone.now())


class Worker(models.Model):
    """A process that takes jobs from a queue, and the time of its last heartbeat."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cluster = models.CharField(max_length=32)
    host = models.CharField(max_length=255)
    process_space = models.CharField(max_length=64, default="", editable=False)
    pid = models.PositiveIntegerField()
    born = models.FloatField(help_text="Its start, in seconds since that of the machine.")
    started_at = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField()
    job_kind = models.CharField(max_length=32, blank=True)
    job_id = models.UUIDField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        app_label = "jobs"
        ordering = ["cluster", "started_at"]

    def __str__(self) -> str:
        return f"{self.cluster} worker {self.pid} on {self.host}"

    @classmethod
    def of_this_process(cls, cluster: str) -> "Worker":
        """Create the row of the calling process and return it."""
        return cls.objects.create(
            cluster=cluster,
            host=settings.HOST,
            process_space=processes.process_space(),
            pid=os.getpid(),
            born=processes.birth(os.getpid()),
            last_seen=timezone.now(),
        )

    @property
    def silence(self) -> timedelta:
        """The time since its last heartbeat."""
        return timezone.now() - self.last_seen

    @property
    def is_alive(self) -> bool:
        """Whether the last heartbeat is recent (`SILENT_AFTER`)."""
        return self.silence < SILENT_AFTER

    @property
    def is_here(self) -> bool:
        """Whether its process id is one of those that this process sees."""
        if not self.process_space:  # written by an older version
            return self.host == settings.HOST
        return self.process_space == processes.process_space()

    @property
    def is_gone(self) -> bool:
        """Whether the process ran here and certainly no longer exists."""
        if not self.is_here:
            return False
        try:
            return not processes.is_same(self.pid, self.born)
        except psutil.NoSuchProcess:
            return True
