"""`manage.py upgrade`: bring the database to this version; `up` does it, too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobsite.jobs.backup.upgrade import UpgradeFailed, announcement, upgrade
from jobsite.jobs.models.migration_state import migration_state
from jobsite.jobs.server import joining
from jobsite.jobs.server.start_checks import StartRefused, check_database
from jobsite.jobs.server.tree import AlreadyRunning, alone


class Command(BaseCommand):
    """Announces the changes, writes a backup and migrates."""

    help = "Back up and upgrade the database that an older version made; the site must be stopped."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what would change")
        parser.add_argument(
            "--no-backup", action="store_true", help="change it without a backup; once, knowingly"
        )

    def handle(self, *, check: bool, no_backup: bool, **options: Any) -> None:
        try:
            check_database(adopt=False)
            state = migration_state()
            if not state.pending:
                self.stdout.write("The database is of this version.")
            elif check and state.is_new:
                self.stdout.write("The database is empty; the first start fills it.")
            elif check:
                self.stdout.write(announcement(state))
            elif sentence := joining.refusal(self.stdout.write):
                raise CommandError(sentence)
            else:
                with alone():
                    upgrade(self.stdout.write, with_backup=not no_backup)
        except AlreadyRunning:
            raise CommandError("The site runs. Stop it first.") from None
        except (StartRefused, UpgradeFailed) as reason:
            raise CommandError(str(reason)) from None
