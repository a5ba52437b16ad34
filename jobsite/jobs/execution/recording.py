"""Recording of outcomes: to disk, then to the row, then publishing the artifacts."""

import contextlib
import logging
import shutil
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from jobsite.jobs import shutdown
from jobsite.jobs.execution.outcome import Outcome, load, save
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import job_model
from jobsite.jobs.status import Status
from jobsite.jobs.storage import disk_space

log = logging.getLogger(__name__)

TRY_EVERY = 1.0  # seconds

LINES = {
    Status.SUCCEEDED: ("Finished.", "info"),
    Status.CANCELLED: ("Cancelled.", "info"),
    Status.FAILED: ("Failed: {error}", "error"),
}


def record(outcome: Outcome) -> None:
    """Record an outcome for good; if the database is away, `replay` does it later.

    While both the disk is full and the database away (SQLite lies on that disk), it is tried again
    until one of them takes it: the work of hours must not be done twice for want of a kilobyte.
    """
    make_room(outcome)
    while not is_kept(outcome):
        disk_space.give_up_reserve()
        connection.close_if_unusable_or_obsolete()
        if shutdown.is_cut(TRY_EVERY):
            return


def is_kept(outcome: Outcome) -> bool:
    """Return whether the outcome is in the database now, or else waits on disk."""
    file = None
    try:
        file = save(outcome, settings.OUTCOME_DIR)
    except OSError:  # then the database is all there is
        log.exception("The outcome of %s cannot be written to disk.", outcome.job_id)
    try:
        apply(outcome)
    except DatabaseError:
        log.exception("The outcome of %s waits in %s.", outcome.job_id, file or "memory")
        return file is not None
    if file is not None:
        file.unlink(missing_ok=True)
    return True


def make_room(outcome: Outcome) -> None:
    """Remove the files of an attempt that did not succeed: they may be what fills the disk."""
    if outcome.status is not Status.SUCCEEDED:
        job = job_model(outcome.kind)(id=outcome.job_id, attempt=outcome.attempt)
        shutil.rmtree(job.draft, ignore_errors=True)


def apply(outcome: Outcome) -> None:
    """Write the outcome to the row and publish the artifacts, unless a later attempt has authority.

    Repeating it is harmless, also at the same moment: whoever loses the row publishes as well. The
    winner may be killed before it does, and the outcome on disk is removed after either.
    """
    attempts = job_model(outcome.kind).objects.filter(pk=outcome.job_id, attempt=outcome.attempt)
    job = attempts.first()
    if job is not None and job.status == Status.RUNNING:
        finish(job, outcome)
        job = attempts.first()
    if job is None:
        return
    if job.status == Status.SUCCEEDED:
        job.publish()
    elif not job.is_active:
        shutil.rmtree(job.draft, ignore_errors=True)


def finish(job: Job, outcome: Outcome) -> bool:
    """Move the row to a finished status by a fenced UPDATE; return False if authority was lost."""
    fields: dict[str, Any] = {"error": outcome.error, "result": outcome.result, "message": ""}
    if outcome.status is Status.SUCCEEDED:
        fields["progress"] = 1.0
    text, level = LINES[outcome.status]
    with transaction.atomic():
        moved = type(job).objects.fenced(job.pk, job.attempt).transition(outcome.status, **fields)
        if moved:
            job.log(text.format(error=outcome.error), level)
    return bool(moved)


def replay() -> int:
    """Record the outcomes that wait on disk and return their number. Raises DatabaseError."""
    settled = 0
    for file in sorted(settings.OUTCOME_DIR.glob("*.json")):
        try:
            outcome = load(file)
        except FileNotFoundError:
            continue
        except (ValueError, TypeError, KeyError, RecursionError, IsADirectoryError) as error:
            log.error("%s is no outcome (%s); it is put aside.", file, error)
            file.rename(file.with_suffix(".damaged"))
            continue
        try:
            with contextlib.suppress(LookupError):  # a kind that is no longer installed
                apply(outcome)
        except OSError:  # one that cannot be published now must not hold up those behind it
            log.exception("The outcome of %s waits in %s.", outcome.job_id, file)
            continue
        file.unlink(missing_ok=True)
        settled += 1
    return settled
