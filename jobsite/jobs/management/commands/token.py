"""`manage.py token USER`: a new API token."""

from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.management.base import JobCommand
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.text import one_line

MOST_DAYS = 36_500


class Command(JobCommand):
    """Makes an API token; only its hash is kept."""

    help = "Print a new API token for a user, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--name", default="command line", help="what will use it")
        parser.add_argument("--days", type=int, metavar="N", help="it ends after N days")
        parser.add_argument("--read-only", action="store_true", help="it may change nothing")

    def handle(
        self, *, user: str, name: str, days: int | None, read_only: bool, **options: Any
    ) -> None:
        if days is not None and not 1 <= days <= MOST_DAYS:
            self.refuse(f"--days takes a number from 1 to {MOST_DAYS}.")
        if len(name) > (most := ApiToken._meta.get_field("name").max_length or 0):
            self.refuse(f"--name takes at most {most} characters.")
        self.stdout.write(ApiToken.make(self.owner(user), one_line(name), days, read_only))
