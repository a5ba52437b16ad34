"""The log lines of jobs."""

from django.db import models
from django.utils import timezone


class JobEvent(models.Model):
    """One line of a job's log, as users read it; `attempt` says which attempt wrote it."""

    LEVELS = [("info", "info"), ("warning", "warning"), ("error", "error")]

    kind = models.CharField(max_length=32)
    job_id = models.UUIDField()
    attempt = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=8, choices=LEVELS, default="info")
    text = models.TextField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["job_id", "id"])]

    def __str__(self) -> str:
        return self.text
