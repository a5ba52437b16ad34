"""An inspection of all rows of a table: data checks, and a report to browse."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse

from jobsite.jobs.models.job import Job
from training.models.dataset import Dataset

REPORT = "report.html"
_LONGEST = 600.0


class Inspection(Job):
    """One inspection of a table; its page is that of the table."""

    kind: ClassVar[str] = "inspection"
    cluster: ClassVar[str] = "training"
    image: ClassVar[str] = "training"
    runner: ClassVar[str | None] = "training.tasks.inspection.run"
    has_pages: ClassVar[bool] = False

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="inspections")

    class Meta(Job.Meta):
        pass

    @classmethod
    def of(cls, dataset: Dataset) -> Inspection:
        """Return a look that is not queued yet."""
        return cls(dataset=dataset, owner=dataset.owner, name=f"Profile of {dataset.name}"[:255])

    def get_absolute_url(self) -> str:
        return reverse("training:dataset", args=[self.dataset_id])

    @property
    def memory_limit_mb(self) -> int | None:
        """The limit of the site."""
        return settings.TRAINING_MEMORY_MB

    @property
    def hard_time_limit(self) -> float | None:
        """Nobody waits longer for a look."""
        return _LONGEST
