"""`manage.py retry ID`: queue a job once more."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from jobsite.jobs import queue
from jobsite.jobs.management.base import ENDED_BADLY, JobCommand, find


class Command(JobCommand):
    """Queues one job again."""

    help = "Queue a failed or cancelled job once more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID")

    def handle(self, *, id: str, **options: Any) -> None:
        job = find(id)
        if job is None:
            self.refuse(f"There is no job with the id {id!r}. {settings.COMMAND} jobs lists them.")
        if not queue.retry(job):
            self.say(f"The job is {job.status}; only a failed or cancelled job can be retried.")
            sys.exit(ENDED_BADLY)
        self.stdout.write(f"“{job.name}” is queued again.")
