"""Pieces of work for the pool, importable by its children."""

import errno
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from threadpoolctl import threadpool_info


def count(limit: int) -> Iterator[int]:
    """Some values."""
    yield from range(limit)


def fail(text: str) -> Iterator[None]:
    """An exception on the way."""
    yield None
    raise ValueError(text)


def die() -> Iterator[None]:
    """What the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield None


def exhaust() -> Iterator[None]:
    """An allocation that is refused."""
    raise MemoryError
    yield None


def fill_the_disk() -> Iterator[None]:
    """A model that does not fit onto the disk any more."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    yield None


def never() -> Iterator[None]:
    """A fit that nobody wants to wait for."""
    threading.Event().wait(600)
    yield None


def burn() -> Iterator[None]:
    """The same, but busy."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        pass
    yield None


def threads() -> Iterator[set[int]]:
    """How many threads the numeric libraries may use."""
    yield {entry["num_threads"] for entry in threadpool_info()}


def hoard(megabytes: int) -> Iterator[None]:
    """More memory than there is to have."""
    yield bytearray(megabytes * 2**20)[:0]


def sleep_as(file: str) -> Iterator[None]:
    """A fit that says which process it is, and goes on for long."""
    Path(file).write_text(str(os.getpid()))
    yield from never()


def burn_as(file: str) -> Iterator[None]:
    """The same, but busy."""
    Path(file).write_text(str(os.getpid()))
    yield from burn()


def await_file(file: str) -> Iterator[str]:
    """A fit that reports, and ends once the test says so."""
    yield "waiting"
    while not Path(file).exists():
        time.sleep(0.05)
    yield "done"
