"""`manage.py token USER`."""

from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.models import ApiToken
from jobsite.jobs.terminal import JobCommand


class Command(JobCommand):
    """Makes an API token; only its hash is kept."""

    help = "Print a new API token for a user, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose token, and what it is for."""
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--name", default="command line", help="what will use it")

    def handle(self, *, user: str, name: str, **options: Any) -> None:
        """Create and print."""
        owner = self.owner(user)
        _, secret = ApiToken.objects.create(owner, name=name)
        self.stdout.write(secret)
