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

from jobsite.jobs.family import PROC

PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def file_of(name: str) -> Path:
    """Where the process group of a part of the tree is written down."""
    return settings.RUN_DIR / f"{name}.json"


def birth(pid: int) -> float:
    """When a process started, in seconds since the machine did: that clock cannot be set.

    With the process id it tells a process from a later one. Raises psutil.NoSuchProcess.
    """
    if not PROC.exists():  # not Linux
        return psutil.Process(pid).create_time()
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(pid) from error
    # The second field is the name in brackets, which may hold anything; the start is the 22nd.
    return int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


def is_same(pid: int, born: float) -> bool:
    """Whether a process is the one that was born then. Raises psutil.NoSuchProcess."""
    return abs(birth(pid) - born) < 0.05


def boot() -> str:
    """Which start of the machine this is."""
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def note(name: str, pid: int) -> None:
    """Write down that `pid` leads the group of a part; its birth keeps it from being mistaken."""
    text = json.dumps({"pid": pid, "born": birth(pid), "boot": boot()})
    draft = file_of(name).with_suffix(".part")
    draft.write_text(text)
    draft.replace(file_of(name))


def leader(name: str) -> int | None:
    """The process that leads the group of a part, if it is alive."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        noted = json.loads(file_of(name).read_text())
        if noted["boot"] == boot() and is_same(noted["pid"], noted["born"]):
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
        now = time.clock_gettime(time.CLOCK_BOOTTIME) if PROC.exists() else time.time()
        return now - birth(pid)
    return 0.0


def kill_group(pid: int) -> None:
    """Kill every process of the group that `pid` leads or led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_leftovers() -> list[str]:
    """Kill what an earlier tree left behind; the names of the parts that were found.

    A leader that is gone may have left its group behind, whose number nobody else gets meanwhile.
    """
    found = []
    for file in sorted(settings.RUN_DIR.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            noted = json.loads(file.read_text())
            if noted["boot"] == boot() and members(noted["pid"], noted["born"]):
                kill_group(noted["pid"])
                found.append(file.stem)
        file.unlink(missing_ok=True)
    return found


def members(group: int, born: float) -> list[psutil.Process]:
    """The living processes of the group whose leader was born then."""
    with contextlib.suppress(psutil.Error):
        if not is_same(group, born):
            return []  # a process of this number that came later leads a group of its own
    alive = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group:
                alive.append(process)
    return alive


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent dies, however (Linux only); 0: for none."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
