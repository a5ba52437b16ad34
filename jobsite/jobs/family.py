"""A process and all that it started, and the memory that they hold. Knows nothing of Django."""

import contextlib
from pathlib import Path

import psutil

PROC = Path("/proc")  # Linux; elsewhere psutil is asked


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started; nothing where it is gone."""
    found, ahead = [], [pid]
    while ahead:
        with contextlib.suppress(psutil.Error):
            found.append(psutil.Process(ahead.pop()))
            ahead += children(found[-1])
    return found


def children(process: psutil.Process) -> list[int]:
    """The processes that a process has started. Raises psutil.NoSuchProcess.

    Asked once a second for each running job. Linux knows them; psutil looks at every process of the
    machine to find out.
    """
    if not (PROC / "thread-self/children").exists():
        return [child.pid for child in process.children()]
    found: list[int] = []
    for thread in (PROC / str(process.pid) / "task").glob("*"):
        with contextlib.suppress(OSError):  # threads end at any moment
            found += map(int, (thread / "children").read_text().split())
    return found


def memory_mb(process: psutil.Process) -> float:
    """The memory of a process in MiB, shared pages counted once (PSS); 0 where it is gone."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        return 0.0
