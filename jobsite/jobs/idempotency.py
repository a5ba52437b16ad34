"""One press of a button makes one job, however often the browser or a script sends it.

A request names its submission: by the header `Idempotency-Key`, or by the hidden field that the tag
`{% once %}` puts into a form. A second request of the same person with the same name gets the job
that the first one made.
"""

import uuid
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from jobsite.jobs.text import storable

FIELD = "idempotency_key"
LONGEST = 100


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


@dataclass
class Request:
    """The web request that is being answered, and how many jobs it has submitted so far."""

    http: HttpRequest
    count: int = 0

    def key(self) -> str:
        """The name of its next submission; empty where the sender gave none."""
        sent = self.http.headers.get("Idempotency-Key") or self.http.POST.get(FIELD, "")
        if not sent:
            return ""
        self.count += 1
        return f"{storable(sent[:LONGEST])}#{self.count}"


CURRENT: ContextVar[Request | None] = ContextVar("request", default=None)


class SubmissionMiddleware:
    """Lets `queue.submit` know the request that it works for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Remember the request while it is answered."""
        token = CURRENT.set(Request(request))
        try:
            return self.get_response(request)
        finally:
            CURRENT.reset(token)


def next_key() -> str:
    """The name of what is being submitted; empty outside a request or without a name."""
    current = CURRENT.get()
    return current.key() if current else ""


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


def new_key() -> str:
    """A name for the submission of a form that is being shown."""
    return uuid.uuid4().hex
