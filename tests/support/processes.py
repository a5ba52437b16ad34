"""What tests ask about processes."""

import psutil


def is_gone(pid: int) -> bool:
    """Whether a process is dead, reaped by whoever inherited it or not yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
