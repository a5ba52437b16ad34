"""What keeps a site from starting here, found before anything is changed."""

import multiprocessing
import os
from collections.abc import Iterable
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connection

from jobsite.jobs.models.kinds import kind_folder_settings, kind_folders
from jobsite.jobs.models.migration_state import migration_state
from jobsite.jobs.models.site_identity import conflict
from jobsite.jobs.storage.last_version import last_version

# Other machines write to them, too, and what SQLite needs (locks, memory that is shared by the
# processes) works there badly or not at all: https://sqlite.org/wal.html, "All processes using a
# database must be on the same host computer".
NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
    | {"smbfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.sshfs", "fuse.davfs2"}
)
# Answers of a PostgreSQL server that no waiting changes.
FINAL = (
    "authentication failed",
    "does not exist",
    "no password supplied",
    "no pg_hba.conf entry",
)


class StartRefused(Exception):
    """The site cannot work like this; the text is the reason and the remedy, as a sentence."""


def check_place() -> None:
    """Check the machine and the folders. Raises StartRefused."""
    refuse(sentence for sentence in (no_semaphores(), sqlite_far_away(), unwritable_library()))


def check_database(adopt: bool) -> None:
    """Check whose database this is, and of which version. Raises StartRefused."""
    refuse(sentence for sentence in ("" if adopt else conflict(), newer_database()))


def refuse(sentences: Iterable[str]) -> None:
    """Raise StartRefused with the first sentence that is not empty."""
    for sentence in filter(None, sentences):
        raise StartRefused(sentence)


def no_semaphores() -> str:
    """Return a sentence if the processes of the queue cannot share a lock here."""
    try:
        multiprocessing.Value("f")
    except OSError as error:
        return (
            f"The workers need shared memory, and /dev/shm cannot be used ({error.strerror}). "
            "Mount it: mount -t tmpfs tmpfs /dev/shm"
        )
    return ""


def sqlite_far_away() -> str:
    """Return a sentence if SQLite's file lies on a file system that other machines share."""
    if connection.vendor != "sqlite":
        return ""
    place = Path(connection.settings_dict["NAME"]).absolute().parent
    kind = file_system(place, mounts())
    if kind not in NETWORK:
        return ""
    return (
        f"The database of this site is a SQLite file, and {place} lies on a network file system "
        f"({kind}), where SQLite loses data. Set JOBSITE_DATA_DIR to a folder of this machine, or "
        "DATABASE_URL to a PostgreSQL database."
    )


def mounts() -> list[tuple[str, str]]:
    """Return where something is mounted and of which type, in the order of mounting."""
    return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]


def file_system(place: Path, mounted: Iterable[tuple[str, str]]) -> str:
    """Return the type of the file system that a path lies on."""
    found = [
        (len(point), position, kind)
        for position, (point, kind) in enumerate(mounted)
        if place.resolve().is_relative_to(point)
    ]
    return max(found)[2] if found else ""


def unwritable_library() -> str:
    """Return a sentence for a folder of finished files that cannot be written to."""
    for name, folder in kind_folders().items():
        # One that is not there yet will be made.
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if not os.access(there, os.W_OK):
            return (
                f"{kind_folder_settings()[name]} is {folder}, which this user cannot write to. "
                "Give it write access, mount its volume for writing, or name another folder."
            )
    return ""


def newer_database() -> str:
    """Return a sentence if a newer version has changed the database."""
    unknown = migration_state().unknown
    if not unknown:
        return ""
    last = last_version()
    by = f"jobsite {last}" if last and last != settings.VERSION else "a newer version of jobsite"
    return (
        f"The database was changed by {by}, and this is {settings.VERSION}, which does not know "
        f"{unknown[0]}. Install that version again, or restore the backup that was made before "
        f"the upgrade: {settings.COMMAND} restore FILE"
    )


def is_final(vendor: str, reason: str) -> bool:
    """Return whether a database that refuses a connection for this reason will go on doing so."""
    return vendor == "sqlite" or any(words in reason for words in FINAL)
