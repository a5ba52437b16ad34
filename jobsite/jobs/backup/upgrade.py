"""The upgrade of a database that an older version made: announced, backed up, then migrated."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from jobsite.jobs.backup import archive
from jobsite.jobs.backup.database import SnapshotFailed
from jobsite.jobs.models.migration_state import MigrationState, migration_state
from jobsite.jobs.storage.last_version import last_version, record_version

PATTERN = "before-upgrade-*.zip"
SHOWN = 5  # migrations of which the name is said


class UpgradeFailed(Exception):
    """The database was not changed; the text is the reason, as a sentence."""


def upgrade(say: Callable[[str], object], with_backup: bool = True) -> None:
    """Migrate the database to this version, after a backup of what an older one made.

    `say` gets a line for each step. The site must not run meanwhile. Raises UpgradeFailed.
    """
    state = migration_state()
    if state.pending and not state.is_new:
        say(announcement(state))
        if with_backup:
            say(f"The former state is kept in {back_up()}.")
    call_command("migrate", interactive=False, verbosity=0)
    if state.pending and not state.is_new:
        say("The database is upgraded.")
    record_version()


def announcement(state: MigrationState) -> str:
    """Return a sentence about what an upgrade changes."""
    last = last_version()
    since = f"jobsite {last}" if last else "an earlier version"
    count = len(state.pending)
    names = ", ".join(state.pending[:SHOWN]) + (", …" if count > SHOWN else "")
    changes = "1 change" if count == 1 else f"{count} changes"
    return f"Upgrade from {since} to {settings.VERSION}: {changes} of the database ({names})."


def back_up() -> Path:
    """Write a backup and remove the oldest of its kind; return its path. Raises UpgradeFailed."""
    folder = settings.BACKUP_DIR
    target = folder / f"before-upgrade-{timezone.now():%Y%m%d-%H%M%S}.zip"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        archive.write(target)
    except (SnapshotFailed, OSError) as error:
        reason = str(error) if isinstance(error, SnapshotFailed) else f"{error.strerror}."
        raise UpgradeFailed(
            f"Nothing was changed, because the backup before the upgrade failed: {reason} If you "
            f"have a backup of your own, run once: {settings.COMMAND} upgrade --no-backup"
        ) from error
    for old in sorted(folder.glob(PATTERN))[: -settings.BACKUP_KEEP]:
        old.unlink(missing_ok=True)
    return target
