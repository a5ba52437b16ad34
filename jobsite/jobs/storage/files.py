"""Locks, atomic writes and durability of files that several processes use."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder; the kernel releases it when its holder dies.

    It is that of a file in it, opened for writing: over NFS no other can be locked (flock(2)).
    Raises FileNotFoundError if there is no such folder.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes, *, durable: bool = False, draft: str = "") -> None:
    """Write a file that others find in its old or its new form, never in part.

    `durable`: its bytes are on disk before it takes its name, so that a power cut cannot leave an
    empty file. `draft`: the name under which it is written first; its own with the suffix `.part`
    if none. Several writers of one file at a time need drafts of different names. Raises OSError.
    """
    part = path.with_name(draft) if draft else path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)


def make_durable(folder: Path) -> None:
    """Write every file in a folder, and below, to disk (fsync)."""
    for root, _, names in os.walk(folder):
        for name in names:
            sync(Path(root, name))
        sync(Path(root))


def sync(path: Path) -> None:
    """Write one file, or the names in a folder, to disk (fsync)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
