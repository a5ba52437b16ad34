"""Processes that were frozen (SIGSTOP, Ctrl-Z): those with SQLite's write lock, and the root.

Nobody can write until such a process goes on or ends, and no lease helps: taking its work away
needs a write, too. PostgreSQL ends such a transaction by itself.
"""

import contextlib
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from jobsite.jobs import pid_files, processes

log = logging.getLogger(__name__)

LOCKS = Path("/proc/locks")  # Linux


def resume_stopped_writers() -> None:
    """Resume frozen processes that keep everybody else from writing."""
    if connection.vendor == "sqlite":
        thaw(Path(connection.settings_dict["NAME"]))


def thaw(database: Path) -> None:
    """Resume frozen processes that hold a write lock on this SQLite database.

    They are not killed: the one who froze them may want them, and a fence keeps a worker whose
    job was taken away from writing anything more.
    """
    for pid in writers(database):
        if processes.is_stopped(pid):
            log.error("Process %s was frozen while it wrote; it goes on, so all can.", pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def writers(database: Path) -> Iterator[int]:
    """Return the processes that hold a write lock on the files of a SQLite database."""
    inodes = set()
    for file in (database, database.with_name(f"{database.name}-shm")):
        with contextlib.suppress(OSError):
            inodes.add(str(file.stat().st_ino))
    with contextlib.suppress(OSError):
        # Such as `3: POSIX  ADVISORY  WRITE 4711 fe:00:131 120 120`; those who wait have `->`.
        for line in LOCKS.read_text().splitlines():
            words = line.split()
            if words[1] == "POSIX" and words[3] == "WRITE" and words[5].split(":")[2] in inodes:
                yield int(words[4])


def resume_stopped_root() -> None:
    """Resume `manage.py up` if it was stopped for long: meanwhile nothing that dies comes back."""
    root = os.getppid()
    if pid_files.is_silent("up") and processes.is_stopped(root):
        log.error("The root of the site was frozen; it goes on, so that parts are restarted.")
        os.kill(root, signal.SIGCONT)
