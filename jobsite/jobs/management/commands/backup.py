"""`manage.py backup FILE`: one archive of a working site."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobsite.jobs.backup import archive
from jobsite.jobs.backup.database import SnapshotFailed


class Command(BaseCommand):
    """Writes one archive with the database and the files."""

    help = "Write database, uploads, results and torrents to one archive; the site may go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--library",
            action="store_true",
            help="also the folders outside the data folder, such as the library",
        )

    def handle(self, *, file: Path, library: bool, **options: Any) -> None:
        target = file.absolute()
        if target.is_dir():
            raise CommandError(f"{target} is a folder. Name the file that is to be written.")
        try:
            count = archive.write(target, with_library=library)
        except SnapshotFailed as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{target}: {count} files, {target.stat().st_size:,} bytes.")
