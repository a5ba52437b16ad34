"""One submission makes one job, however often it is sent: which keys were used."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobsite.jobs.idempotency import LONGEST


class Submission(models.Model):
    """The name of a submission, and the job that it made."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=LONGEST + 20)
    kind = models.CharField(max_length=32)
    job_id = models.UUIDField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        app_label = "jobs"
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind", "key"], name="submission_once")
        ]

    def __str__(self) -> str:
        return self.key


def made_before(job: Any, key: str) -> bool:
    """Whether this submission made a job already; `job` is that one then."""
    rows = Submission.objects.filter(owner=job.owner, kind=job.kind, key=key)
    row = rows.first()
    if row is None:
        return False
    found = type(job).objects.filter(pk=row.job_id).first()
    if found is None:  # deleted since: then this is a new wish
        rows.delete()
        return False
    job.__dict__.update(found.__dict__)
    return True


def note(job: Any, key: str) -> None:
    """Remember which job the submission makes. Raises IntegrityError where it made one."""
    Submission.objects.create(owner=job.owner, kind=job.kind, key=key, job_id=job.pk)


def made_together(owner: Any, kind: str, key: str, new: Sequence[Any]) -> set[uuid.UUID]:
    """The jobs that a submission of many made, here or when it was sent before; notes `new`."""
    rows = Submission.objects.filter(owner=owner, kind=kind, key__startswith=f"{key}.")
    before = set(rows.values_list("job_id", flat=True))
    Submission.objects.bulk_create(
        [
            Submission(owner=owner, kind=kind, key=f"{key}.{number}", job_id=job.pk)
            for number, job in enumerate(new, start=len(before))
        ],
        ignore_conflicts=True,  # the same submission, at the same moment
        batch_size=500,
    )
    return before | {job.pk for job in new}
