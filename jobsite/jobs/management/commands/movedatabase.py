"""`manage.py movedatabase URL`: copy the site's rows to another database."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobsite.environment import database_at
from jobsite.jobs.backup.move import CannotMove, move
from jobsite.jobs.server.tree import AlreadyRunning, alone


class Command(BaseCommand):
    """Copies every row to an empty database, such as from SQLite to PostgreSQL."""

    help = "Copy all rows to an empty database; the site must be stopped. The data folder stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL", help="as in DATABASE_URL")

    def handle(self, *, url: str, **options: Any) -> None:
        try:
            with alone():
                count = move(database_at(url))
        except AlreadyRunning:
            raise CommandError("The site runs. Stop it first; rows would be lost.") from None
        except (CannotMove, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count:,} rows are copied. Start the site with the new DATABASE_URL.")
