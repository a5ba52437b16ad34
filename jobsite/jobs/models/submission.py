"""Idempotent submission: one press of a button makes one job, however often it is sent.

A request names its submission: by the header `Idempotency-Key`, or by the hidden field that the tag
`{% once %}` puts into a form. A second request of the same person with the same name gets the job
that the first one made.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobsite.jobs.log_context import REQUEST
from jobsite.jobs.text import storable

FIELD = "idempotency_key"
LONGEST = 100


class Submission(models.Model):
    """An idempotency key of one user and kind, and the job that its submission created."""

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
    """Return whether this submission already created a job; if so, `job` is turned into it."""
    rows = Submission.objects.filter(owner=job.owner, kind=job.kind, key=key)
    row = rows.first()
    if row is None:
        return False
    found = type(job).objects.filter(pk=row.job_id).first()
    if found is None:  # deleted since then: treat this as a new submission
        rows.delete()
        return False
    job.__dict__.update(found.__dict__)
    return True


def note(job: Any, key: str) -> None:
    """Store which job the submission creates. Raises IntegrityError if it already created one."""
    Submission.objects.create(owner=job.owner, kind=job.kind, key=key, job_id=job.pk)


def made_together(owner: Any, kind: str, key: str, new: Sequence[Any]) -> set[uuid.UUID]:
    """Store the jobs `new` of a bulk submission; return the ids of all that it has created.

    That includes the jobs from an earlier copy of the same submission.
    """
    rows = Submission.objects.filter(owner=owner, kind=kind, key__startswith=f"{key}.")
    before = set(rows.values_list("job_id", flat=True))
    Submission.objects.bulk_create(
        [
            Submission(owner=owner, kind=kind, key=f"{key}.{number}", job_id=job.pk)
            for number, job in enumerate(new, start=len(before))
        ],
        ignore_conflicts=True,  # the same submission may arrive concurrently
        batch_size=500,
    )
    return before | {job.pk for job in new}


def next_key() -> str:
    """Return the name of what is being submitted; empty outside a request or without a name.

    The submissions of one request are counted: a form may queue several jobs.
    """
    request = REQUEST.get()
    sent = request and (request.headers.get("Idempotency-Key") or request.POST.get(FIELD, ""))
    if not sent:
        return ""
    request.submissions = getattr(request, "submissions", 0) + 1
    return f"{storable(sent[:LONGEST])}#{request.submissions}"


def new_key() -> str:
    """Return a name for the submission of a form that is being shown."""
    return uuid.uuid4().hex
