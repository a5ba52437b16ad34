"""`manage.py deleteuser USER`: delete a person with everything."""

from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.management.base import JobCommand
from jobsite.jobs.models.person_deletion import request_deletion


class Command(JobCommand):
    """Deletes a person with jobs, tables, downloads, and their files."""

    help = "Delete a user with all jobs and files; the running site finishes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER")

    def handle(self, *, user: str, **options: Any) -> None:
        request_deletion(self.owner(user))
        self.say(f"{user} is signed out, and is being deleted with all jobs and files.")
