"""PID files of the process groups of a running tree, by which a later start ends leftovers."""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from jobsite.jobs.processes import birth, boot, is_same, kill_group, process_space
from jobsite.jobs.storage.files import write_atomically

# More than the longest wait for a lock of the database, less than what an operator waits for.
SILENT_AFTER = 25.0  # seconds


def run_folder() -> Path:
    """Return the folder that holds the run folders of all hosts."""
    return Path(settings.DATA_DIR) / "run"


def file_of(name: str) -> Path:
    """Return the PID file of a part of the tree."""
    return settings.RUN_DIR / f"{name}.json"


def note(name: str, pid: int) -> None:
    """Record that `pid` leads the group of a part; its birth keeps it from being mistaken."""
    place = {"boot": boot(), "space": process_space()}
    text = json.dumps({"pid": pid, "born": birth(pid), **place})
    write_atomically(file_of(name), text.encode())


def is_here(noted: dict[str, Any]) -> bool:
    """Return whether a noted process id is one of those that this process sees.

    A container that was made anew may have the name, and so the folder, of the one before.
    """
    own = process_space()
    return noted["boot"] == boot() and noted.get("space", own) == own  # older files have none


def leader(name: str) -> int | None:
    """Return the process that leads the group of a part, if it is alive."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        noted = json.loads(file_of(name).read_text())
        if is_here(noted) and is_same(noted["pid"], noted["born"]):
            return int(noted["pid"])
    return None


def beat(name: str) -> None:
    """Note that a part works; a disk that is full or stalls is not this step's to tell."""
    with contextlib.suppress(OSError):
        beat_file(name).touch()


def beat_file(name: str) -> Path:
    """Return the file whose time is the last beat of a part."""
    return settings.RUN_DIR / f"{name}.beat"


def last_beat(name: str) -> float | None:
    """Return the time of a part's last beat, by the wall clock; None if it has never beaten."""
    with contextlib.suppress(OSError):
        return beat_file(name).stat().st_mtime
    return None


def is_silent(name: str) -> bool:
    """Return whether a part has beaten once, but not for `SILENT_AFTER` seconds."""
    last = last_beat(name)
    return last is not None and time.time() - last > SILENT_AFTER


def forget(name: str) -> None:
    """Remove the files of a part that was stopped."""
    file_of(name).unlink(missing_ok=True)
    beat_file(name).unlink(missing_ok=True)


def restarts() -> dict[str, int]:
    """Return how often each part of the tree was started again since the data folder exists."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((settings.RUN_DIR / "restarts.count").read_text()))
    return {}


def count_restart(name: str) -> None:
    """Count one restart; in a file, because the root of the tree waits for no database."""
    counts = restarts()
    counts[name] = counts.get(name, 0) + 1
    with contextlib.suppress(OSError):
        write_atomically(settings.RUN_DIR / "restarts.count", json.dumps(counts).encode())


def kill_leftovers() -> list[str]:
    """Kill the processes of an earlier tree; return the names of their parts.

    A leader that is gone may have left its group behind, whose number nobody else gets meanwhile.
    """
    found = []
    # Before there were several hosts, the files lay where the folders of hosts lie now.
    for file in sorted({*settings.RUN_DIR.glob("*.json"), *run_folder().glob("*.json")}):
        with contextlib.suppress(OSError, ValueError, KeyError):
            noted = json.loads(file.read_text())
            if is_here(noted) and members(noted["pid"], noted["born"]):
                kill_group(noted["pid"])
                found.append(file.stem)
        file.unlink(missing_ok=True)
    return found


def members(group: int, born: float) -> list[psutil.Process]:
    """Return the living processes of the group whose leader was born then."""
    with contextlib.suppress(psutil.Error):
        if not is_same(group, born):
            return []  # a process of this number that came later leads a group of its own
    alive = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group:
                alive.append(process)
    return alive
