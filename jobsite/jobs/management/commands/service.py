"""`manage.py service`: a unit of systemd for this installation."""

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from jobsite.jobs.execution.limits import KEYS
from jobsite.jobs.models.kinds import kind_folders
from jobsite.jobs.server.systemd_unit import ENVIRONMENT_FILE, STATE, Installation, unit

# A unit can be read by everybody.
SECRET = ("DATABASE_URL", *KEYS)


class Command(BaseCommand):
    """Prints the unit, with the settings of the environment in which it is called."""

    help = "Print a hardened systemd unit that runs this site: up, at the boot and for months."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", help="who runs it; you, or the user jobsite if you are root")

    def handle(self, *, user: str | None, **options: Any) -> None:
        is_root = os.geteuid() == 0
        user = user or ("jobsite" if is_root else getpass.getuser())
        data = Path(settings.DATA_DIR)
        # Root's own folder for data is nobody's place for a service.
        if is_root and not settings.IS_CHECKOUT and "JOBSITE_DATA_DIR" not in os.environ:
            data = STATE / "jobsite"
        chosen = {
            name: value
            for name, value in sorted(os.environ.items())
            # Django sets TZ itself.
            if name in settings.VARIABLES - {"TZ"} and not name.endswith(SECRET)
        }
        elsewhere = (*kind_folders().values(), settings.BACKUP_DIR)
        site = Installation(
            version=settings.VERSION,
            command=command_line(),
            folder=settings.BASE_DIR if settings.IS_CHECKOUT else data,
            user=user,
            variables={"JOBSITE_DATA_DIR": str(data), **chosen},
            data=data,
            elsewhere=tuple(
                path for path in elsewhere if not path.is_relative_to(settings.DATA_DIR)
            ),
        )
        self.stdout.write(unit(site))
        for name in sorted(os.environ):
            if name in settings.VARIABLES and name.endswith(SECRET):
                self.stderr.write(f"Put {name} into {ENVIRONMENT_FILE}: others can read a unit.")


def command_line() -> tuple[str, ...]:
    """Return the command line of this installation, as absolute paths."""
    if settings.IS_CHECKOUT:
        return sys.executable, str(settings.BASE_DIR / "manage.py")
    script = Path(sys.executable).with_name("jobsite")
    return (str(script),) if script.exists() else settings.MANAGE
