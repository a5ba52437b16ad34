"""`manage.py signin USER`."""

from typing import Any

from django.core.management.base import CommandParser

from jobsite.jobs.links import sign_in_link
from jobsite.jobs.terminal import JobCommand


class Command(JobCommand):
    """Makes a one-time sign-in link, for somebody new or somebody who forgot the password."""

    help = "Print a link with which a user signs in once, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who."""
        parser.add_argument("user", metavar="USER")

    def handle(self, *, user: str, **options: Any) -> None:
        """Print the link."""
        self.stdout.write(sign_in_link(self.owner(user)))
