"""The process groups of a running tree, kept in files so that a later start can end leftovers."""

import contextlib
import ctypes
import json
import os
import signal
import time
from pathlib import Path

import psutil
from django.conf import settings

PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def file_of(name: str) -> Path:
    """Where the process group of a part of the tree is written down."""
    return settings.RUN_DIR / f"{name}.json"


def note(name: str, pid: int) -> None:
    """Write down that `pid` leads the group of a part; its birth keeps it from being mistaken."""
    text = json.dumps({"pid": pid, "born": psutil.Process(pid).create_time()})
    draft = file_of(name).with_suffix(".part")
    draft.write_text(text)
    draft.replace(file_of(name))


def leader(name: str) -> int | None:
    """The process that leads the group of a part, if it is alive."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        noted = json.loads(file_of(name).read_text())
        if abs(psutil.Process(noted["pid"]).create_time() - noted["born"]) < 2:
            return int(noted["pid"])
    return None


def restarts() -> dict[str, int]:
    """How often each part of the tree had to be started again since the data folder exists."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((settings.RUN_DIR / "restarts.count").read_text()))
    return {}


def count_restart(name: str) -> None:
    """Count one; in a file, because the root of the tree waits for no database."""
    counts = restarts()
    counts[name] = counts.get(name, 0) + 1
    with contextlib.suppress(OSError):
        draft = settings.RUN_DIR / "restarts.part"
        draft.write_text(json.dumps(counts))
        draft.replace(settings.RUN_DIR / "restarts.count")


def age(pid: int) -> float:
    """Seconds since a process started; 0 where there is none."""
    with contextlib.suppress(psutil.Error):
        return time.time() - psutil.Process(pid).create_time()
    return 0.0


def kill_group(pid: int) -> None:
    """Kill every process of the group that `pid` leads or led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_leftovers() -> list[str]:
    """Kill what an earlier tree left behind; the names of the parts that were found.

    A leader that is gone may have left its group behind, which is told by a member that is older
    than the note's own file and belongs to us.
    """
    found = []
    for file in sorted(settings.RUN_DIR.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            noted = json.loads(file.read_text())
            if members(noted["pid"], noted["born"]):
                kill_group(noted["pid"])
                found.append(file.stem)
        file.unlink(missing_ok=True)
    return found


def members(group: int, born: float) -> list[psutil.Process]:
    """The living processes of a group that was started at `born` or later."""
    alive = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.create_time() >= born - 2:
                alive.append(process)
    return alive


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent dies, however (Linux only); 0: for none."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
