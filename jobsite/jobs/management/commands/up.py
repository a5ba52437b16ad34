"""`manage.py up`: the whole site in one foreground process tree."""

import os
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobsite.jobs.accounts import sign_in_links
from jobsite.jobs.models.kinds import clusters
from jobsite.jobs.server.tree import AlreadyRunning, Tree, parts

FIRST_ADMINISTRATOR = "admin"


class Command(BaseCommand):
    """Checks, migrates, makes the first administrator, then runs the tree."""

    help = "Run the site: web, workers and housekeeping, until Ctrl-C or SIGTERM."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=settings.BIND, metavar="HOST:PORT")

    def handle(self, *, bind: str, **options: Any) -> None:
        """Set up what is missing and run until stopped."""
        if bind != settings.BIND:
            # The address is a setting that others follow from: start over with it.
            os.environ["JOBSITE_BIND"] = bind
            os.execv(sys.executable, [sys.executable, sys.argv[0], "up"])  # noqa: S606
        call_command("migrate", interactive=False, verbosity=0)
        link = first_sign_in()
        if link:
            self.say(f"The first administrator is {FIRST_ADMINISTRATOR!r}. Sign in once with:")
            self.say(f"  {link}")
        self.say(f"jobsite runs at {settings.BASE_URL} (data in {settings.DATA_DIR}).")
        try:
            Tree(parts(bind, clusters()), self.say).run()
        except AlreadyRunning:
            raise CommandError(
                f"The site runs already on the data folder {settings.DATA_DIR}. "
                "Stop it first, or set JOBSITE_DATA_DIR to another folder."
            ) from None

    def say(self, text: str) -> None:
        """Write one line to the log."""
        self.stdout.write(text)
        self.stdout.flush()


def first_sign_in() -> str | None:
    """Create the first administrator if there is no user; return the one-time link, else None."""
    users = get_user_model().objects
    if users.exists():
        return None
    return sign_in_links.sign_in_link(users.create_superuser(FIRST_ADMINISTRATOR))
