"""The outcome of an attempt, and how it survives a database that is away.

An outcome is written to disk before it is written to the database, so that a job whose result
could not be recorded is recorded later instead of being run again.
"""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobsite.jobs.status import Status
from jobsite.jobs.storage.files import write_atomically

MOST_ATTEMPTS = 2**31  # what the column takes


class JobFailed(Exception):
    """Raised by job code with a sentence for the job's owner; no traceback is shown."""


@dataclass(frozen=True)
class Outcome:
    """The end of one attempt of one job."""

    kind: str
    job_id: str
    attempt: int
    status: Status
    error: str = ""
    result: dict[str, Any] | None = None

    @property
    def file_name(self) -> str:
        """The name under which the outcome waits on disk."""
        return f"{self.kind}-{self.job_id}-{self.attempt}.json"


def save(outcome: Outcome, folder: Path) -> Path:
    """Write the outcome durably and return its file. Raises OSError."""
    target = folder / outcome.file_name
    write_atomically(target, json.dumps(asdict(outcome)).encode(), durable=True)
    return target


def load(file: Path) -> Outcome:
    """Read an outcome that `save` wrote. Raises ValueError, TypeError or KeyError if it is none."""
    fields = json.loads(file.read_text())
    outcome = Outcome(**{**fields, "status": Status(fields["status"])})
    if not isinstance(outcome.attempt, int) or not 0 <= outcome.attempt < MOST_ATTEMPTS:
        raise ValueError(f"{outcome.attempt!r} is no number of an attempt")
    uuid.UUID(str(outcome.job_id))
    return outcome
