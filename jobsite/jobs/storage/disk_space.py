"""Space of the data folder: the floor for uploads, a reserve for outcomes, sizes of jobs."""

import contextlib
import shutil
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from jobsite.jobs.storage.files import write_atomically

MEBI = 2**20
RESERVE = MEBI  # room for the outcomes of many jobs, and for what a database writes to record one


def free() -> int:
    """Return the free bytes of the data folder's file system."""
    return shutil.disk_usage(settings.DATA_DIR).free


def room() -> int:
    """Return the bytes that uploads may still take, at least 0."""
    return max(0, free() - settings.FREE_MB * MEBI)


def reserve_file() -> Path:
    """Return the file that keeps the reserve."""
    return Path(settings.DATA_DIR) / "reserve"


def keep_reserve() -> None:
    """Write the reserve if there is none and the disk has room again; housekeeping calls this."""
    if not reserve_file().exists() and free() > 3 * RESERVE:
        with contextlib.suppress(OSError):
            write_atomically(reserve_file(), bytes(RESERVE), durable=True)


def give_up_reserve() -> None:
    """Free the reserve, so that an outcome can be written to a disk that is full."""
    reserve_file().unlink(missing_ok=True)


def no_room_sentence() -> str:
    """Return the sentence for an upload that the disk has no room for."""
    return (
        "The disk of this site is nearly full, so it takes no files now. Delete jobs or tables "
        "that you do not need any more, or ask the operator for more space."
    )


def size_of(folder: Path) -> int:
    """Return the bytes of the files in a job's folder; 0 if there is none.

    A published result does not change any more, so its size is remembered: a person may have
    hundreds of jobs with a hundred files each, and every upload asks for the sum.
    """
    try:
        if any(folder.glob("attempt-*")):
            return walked(folder)
        return remembered(folder, folder.stat().st_mtime_ns)
    except FileNotFoundError:  # just deleted
        return 0


@lru_cache(maxsize=50_000)
def remembered(folder: Path, changed: int) -> int:
    """Return the bytes in a folder whose names changed at that time (ns)."""
    return walked(folder)


def walked(folder: Path) -> int:
    """Return the bytes of every file below a folder. Raises FileNotFoundError."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
