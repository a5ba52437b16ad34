"""The base of commands on jobs: owner, waiting, output."""

import json
import os
import sys
import time
import uuid
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, ProgrammingError

from jobsite.jobs.formats import percent
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.status import Status
from jobsite.jobs.text import one_line, storable

SUCCEEDED, ENDED_BADLY, BAD_INPUT = 0, 1, 2
CHECK_EVERY = 0.3


class JobCommand(BaseCommand):
    """Base of the commands that submit or handle jobs.

    Exit status: 0 succeeded, 1 failed or cancelled, 2 bad input. With --json one document goes
    to standard output and nothing else; whatever a person reads goes to standard error.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        """Explain in a sentence if an allowance is used up or the database is not there."""
        try:
            done = super().execute(*args, **options)
            sys.stdout.flush()  # a short list fails here, or at the exit, where nobody catches it
            return done
        except BrokenPipeError:  # whoever reads, such as `head`, has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OverAllowance as refusal:
            self.refuse(str(refusal))
        except (OperationalError, ProgrammingError) as error:
            self.refuse(
                f"The database does not answer as it should ({str(error).strip()}). If the site "
                f"has never run here, start it once: {settings.COMMAND} up"
            )

    def add_job_arguments(self, parser: ArgumentParser) -> None:
        """Add --user, --wait and --json."""
        parser.add_argument(
            "--user", metavar="U", help="the owner; the first administrator if none"
        )
        parser.add_argument("--wait", action="store_true", help="show progress until the end")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def owner(self, name: str | None) -> Any:
        """Return the user of that name, or the first administrator; refuse if there is none."""
        users = get_user_model().objects
        if name:
            user = users.filter(username=storable(name)).first()
            if user is None:
                self.refuse(
                    f"There is no user named {name!r}. {settings.COMMAND} createsuperuser adds one."
                )
            return user
        user = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if user is None:
            self.refuse(
                f"There is no administrator yet. Start the site once ({settings.COMMAND} up), add "
                f"one with {settings.COMMAND} createsuperuser, or name the owner with --user."
            )
        return user

    def refuse(self, sentence: str) -> NoReturn:
        """Write a sentence about bad input and end with status 2."""
        self.stderr.write(sentence)
        sys.exit(BAD_INPUT)

    def say(self, text: str) -> None:
        """Write a line for the person at the terminal."""
        self.stderr.write(text, self.style.NOTICE if sys.stderr.isatty() else None)

    def print_json(self, document: Any) -> None:
        """Write the one document to standard output."""
        self.stdout.write(json.dumps(document, cls=DjangoJSONEncoder, indent=2))

    def follow(self, jobs: Sequence[Job]) -> int:
        """Show the progress of the jobs until all are finished; return the exit status."""
        shown: dict[Any, str] = {}
        open_jobs = list(jobs)
        while open_jobs:
            for job in open_jobs:
                job.refresh_from_db()
                line = progress_line(job)
                if shown.get(job.pk) != line:
                    shown[job.pk] = line
                    self.say(line)
            open_jobs = [job for job in open_jobs if job.is_active]
            if open_jobs:
                time.sleep(CHECK_EVERY)
        well = all(job.status == Status.SUCCEEDED for job in jobs)
        return SUCCEEDED if well else ENDED_BADLY


def progress_line(job: Job) -> str:
    """Return one line: name, status, progress, and the message or the error."""
    rest = job.error or job.message
    line = f"{job.name}: {job.status} {percent(job.progress)}" + (f" - {rest}" if rest else "")
    return one_line(line)


def find(job_id: str) -> Job | None:
    """Return the job with this id, of any kind; None if there is none."""
    try:
        pk = uuid.UUID(job_id)
    except ValueError:
        return None
    for model in job_models():
        job = model.objects.filter(pk=pk, delete_requested=False).first()
        if job is not None and model.has_pages:
            return job
    return None
