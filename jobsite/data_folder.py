"""The data folder: refused with a sentence where this process could not work in it for long."""

import os
import pwd
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def prepare(data: Path, needed: Iterable[Path]) -> None:
    """Make the folders that the site needs in its data folder.

    Raises ImproperlyConfigured if they belong to another user or cannot be written to.
    """
    refuse_another_owner(data)
    for folder in needed:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            reason = "" if os.access(folder, os.W_OK) else "Permission denied"
        except OSError as error:
            reason = str(error.strerror)
        if reason:
            raise ImproperlyConfigured(not_writable(data, reason))


def not_writable(folder: Path, reason: str) -> str:
    """Return the sentence for a folder that cannot be written to."""
    if is_read_only(folder):
        return (
            f"{folder} lies on a volume that is mounted read-only. Mount it for writing, or set "
            "JOBSITE_DATA_DIR to another folder."
        )
    return (
        f"The data folder {folder} cannot be written to: {reason}. "
        "Give this user write access, or set JOBSITE_DATA_DIR to another folder."
    )


def is_read_only(folder: Path) -> bool:
    """Return whether the file system is mounted read-only where the folder lies."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def refuse_another_owner(data: Path) -> None:
    """Refuse a folder in which another user's site has worked. Raises ImproperlyConfigured.

    Root could write there, and leave files behind that the owner cannot change.
    """
    owner = owner_of_the_site(data)
    if owner is None or owner in (os.geteuid(), owner_of_new_files(data)):
        return
    name = user_name(owner)
    raise ImproperlyConfigured(
        f"The data folder {data} belongs to {name} (user id {owner}), and this is "
        f"{user_name(os.geteuid())} (user id {os.geteuid()}); what one of them writes, the other "
        f"cannot change. Run this as {name}, or give the folder to this user with: "
        f"chown -R {os.geteuid()} {data}"
    )


def owner_of_the_site(data: Path) -> int | None:
    """Return the id of the user whose site has worked in a folder; None if none has."""
    try:
        return (data / "run").stat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError:  # not even to be looked at
        return data.stat().st_uid


def owner_of_new_files(data: Path) -> int | None:
    """Return the id of the user whom new files belong to; None if none can be made.

    On some file systems of other machines that is one user, whoever asks.
    """
    try:
        with tempfile.TemporaryFile(dir=data) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return None


def user_name(user: int) -> str:
    """Return the name of a user, or the number if the system has no name for it."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
