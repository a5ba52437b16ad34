"""`manage.py jobs`: every job of the site."""

import heapq
from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.management.base import JobCommand, progress_line
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.status import Status

MOST = 1000


class Command(JobCommand):
    """Lists jobs, newest first."""

    help = "List the jobs of every kind and owner, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", choices=[status.value for status in Status])
        parser.add_argument(
            "--limit", type=int, default=MOST, metavar="N", help=f"at most N jobs; {MOST} if none"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *, status: str | None, limit: int, json: bool, **options: Any) -> None:
        if limit < 1:
            self.refuse("--limit takes a number from 1 on.")
        lists = []
        for model in job_models():
            rows = model.objects.filter(delete_requested=False).defer("result")
            if model.has_pages:
                rows = rows.filter(status=status) if status else rows
                lists.append(rows.order_by("-created_at")[:limit])
        jobs = list(heapq.merge(*lists, key=lambda job: job.created_at, reverse=True))[:limit]
        if json:
            self.print_json([job.as_dict() for job in jobs])
            return
        for job in jobs:
            self.stdout.write(f"{job.pk}  {job.kind:<9} {progress_line(job)}")
        if not jobs:
            self.say("There are no such jobs." if status else "There are no jobs yet.")
