"""Processes of this machine: their families, memory, age, signals and limits."""

import contextlib
import ctypes
import gc
import os
import resource
import signal
import time
from pathlib import Path

import psutil

PROC = Path("/proc")  # Linux; elsewhere psutil is asked


def family(pid: int) -> list[psutil.Process]:
    """Return a process and every process that it started; empty if it is gone."""
    found, ahead = [], [pid]
    while ahead:
        with contextlib.suppress(psutil.Error):
            found.append(psutil.Process(ahead.pop()))
            ahead += children(found[-1])
    return found


def children(process: psutil.Process) -> list[int]:
    """Return the ids of the children of a process. Raises psutil.NoSuchProcess.

    Called once a second for each running job. Linux lists them; psutil would scan every process
    of the machine.
    """
    if not (PROC / "thread-self/children").exists():
        return [child.pid for child in process.children()]
    found: list[int] = []
    with contextlib.suppress(OSError):  # the process ends at any moment
        for thread in (PROC / str(process.pid) / "task").iterdir():
            with contextlib.suppress(OSError):  # and so do its threads
                found += map(int, (thread / "children").read_text().split())
    return found


def memory_mb(process: psutil.Process) -> float:
    """Return the memory of a process in MiB, shared pages counted once (PSS); 0 if it is gone."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0


LARGEST_BLOCK = 100_000  # bytes: glibc maps larger ones and looks for no free block
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # from linux/prctl.h


def birth(pid: int) -> float:
    """Return when a process started, in seconds after the boot: that clock cannot be set.

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
    """Return whether a process is the one that was born then. Raises psutil.NoSuchProcess."""
    return abs(birth(pid) - born) < 0.05


def boot() -> str:
    """Return the id of the current boot of the machine."""
    with contextlib.suppress(OSError):
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


def is_stopped(pid: int) -> bool:
    """Return whether a process is stopped (SIGSTOP, Ctrl-Z); False if it is gone."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    return False


def process_space() -> str:
    """Return what process ids are valid in: the boot of a machine, and the namespace (Linux).

    A host name does not tell: two containers may have the same one, and each its own processes.
    """
    space = ""
    with contextlib.suppress(OSError):
        space = str((PROC / "self/ns/pid").stat().st_ino)
    return f"{boot()}/{space}"


def oom_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since boot (Linux)."""
    with contextlib.suppress(OSError):
        for line in (PROC / "vmstat").read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def age(pid: int) -> float:
    """Return the seconds since a process started; 0 if there is none."""
    with contextlib.suppress(psutil.Error):
        now = time.clock_gettime(time.CLOCK_BOOTTIME) if PROC.exists() else time.time()
        return now - birth(pid)
    return 0.0


def signal_group(pid: int, number: int) -> None:
    """Send a signal to every process of the group that `pid` leads or led, if there is any."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def kill_group(pid: int) -> None:
    """Kill every process of the group that `pid` leads or led."""
    signal_group(pid, signal.SIGKILL)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel (Linux only) for a signal when the parent dies, however; 0: for none."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def set_name(name: str) -> None:
    """Name this process, in 15 bytes at most, for `ps -o comm` and `top` (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def freeze_memory() -> None:
    """Leave alone, from now on, what this process has in memory, so that its forks share it.

    The garbage collector would write to all objects, and the next allocations of glibc to all its
    free blocks, which they put in order: each page that is written to is copied.
    """
    gc.collect()
    gc.freeze()
    blocks = [bytes(LARGEST_BLOCK) for _ in range(50)]
    del blocks


def lower_limit(kind: int, most: int, slack: int = 0) -> None:
    """Lower a kernel limit (RLIMIT_*) of this process; one that is lower already stays.

    `slack`: by how much the hard limit is above the soft one.
    """
    _, hard = resource.getrlimit(kind)
    wanted = most + slack
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(kind, (min(most, wanted), wanted))
