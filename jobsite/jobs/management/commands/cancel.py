"""`manage.py cancel ID`: stop a job."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from jobsite.jobs.management.base import ENDED_BADLY, JobCommand, find


class Command(JobCommand):
    """Cancels a job of any kind."""

    help = "Cancel a job. A running one ends within two seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID")

    def handle(self, *, id: str, **options: Any) -> None:
        job = find(id)
        if job is None:
            self.refuse(f"There is no job with the id {id!r}. {settings.COMMAND} jobs lists them.")
        if not job.cancel():
            self.say(f"The job is {job.status} already; there is nothing to cancel.")
            sys.exit(ENDED_BADLY)
        self.stdout.write(f"“{job.name}” is being cancelled.")
