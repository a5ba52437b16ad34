"""`manage.py restore FILE`: restore a backup into an empty data folder."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobsite.jobs.backup import restore


class Command(BaseCommand):
    """Restores a backup into an empty data folder and an empty database."""

    help = "Restore an archive of `backup` into an empty data folder."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            count = restore.read(file)
        except restore.CannotRestore as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} files are restored into {settings.DATA_DIR}.")
        self.stdout.write(
            "Start the site now; people have to sign in anew. No job runs and no notification is "
            "sent until an administrator says so, on the dashboard or with: "
            f"{settings.COMMAND} release"
        )
