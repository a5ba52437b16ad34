"""Many files as one stream: a .zip (stored, not compressed) or a .tar, in constant memory.

Nothing is written to disk and no file is read before its turn. Downloads are mostly compressed
already, so compressing them again would only cost time, and the length could not be sent ahead.
"""

import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zipstream import ZipStream

from downloads.names import file_name
from jobsite.jobs.web.attachments import opened

BLOCK = 1 << 18


class Changed(OSError):
    """A file is no longer as long as announced: the archive cannot be finished."""


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name in there, and the path of its bytes."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True)
class Archive:
    """A stream whose length is known before its first byte."""

    length: int
    blocks: Iterator[bytes]


def member_name(path: str, taken: set[str]) -> str:
    """Return a name that means the same to every unpacker, and that no other member has."""
    parts = [file_name(part, "file") for part in PurePosixPath(path).parts if part != "/"]
    name = wanted = "/".join(parts) or "file"
    number = 1
    while name.casefold() in taken:  # on some systems A and a are one file
        number += 1
        stem, dot, suffix = wanted.rpartition(".")
        name = f"{stem} ({number}).{suffix}" if dot and stem else f"{wanted} ({number})"
    taken.add(name.casefold())
    return name


def as_zip(members: Iterable[Member]) -> Archive:
    """Return the members as a .zip; ZIP64 if needed."""
    stream = ZipStream(sized=True)
    for member in members:
        stream.add(_content(member), member.name, size=member.size)
    return Archive(len(stream), iter(stream))


def as_tar(members: Iterable[Member]) -> Archive:
    """Return the members as a .tar (POSIX)."""
    members = list(members)
    length = sum(len(_header(one)) + one.size + _padding(one.size) for one in members)
    return Archive(length + 2 * tarfile.BLOCKSIZE, _tar(members))


FORMATS: dict[str, Callable[[Iterable[Member]], Archive]] = {"zip": as_zip, "tar": as_tar}


def _tar(members: list[Member]) -> Iterator[bytes]:
    for member in members:
        yield _header(member)
        yield from _content(member)
        yield bytes(_padding(member.size))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(member: Member) -> bytes:
    about = tarfile.TarInfo(member.name)
    about.size = member.size
    return about.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> int:
    return -size % tarfile.BLOCKSIZE


def _content(member: Member) -> Iterator[bytes]:
    left = member.size
    with opened(member.path) as file:
        while left:
            block = file.read(min(BLOCK, left))
            if not block:
                raise Changed(f"{member.path} has become shorter while it was read.")
            left -= len(block)
            yield block
