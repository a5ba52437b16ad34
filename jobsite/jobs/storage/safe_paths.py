"""File operations below a folder that others may write to, in which no link leads out of it.

A path that is checked first and used later can be swapped in between. Each step here opens one
folder from the descriptor of the one above it and refuses links (O_NOFOLLOW), so that a folder
which is swapped meanwhile is still the one that was opened. See openat(2) and CWE-367.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe would hold its reader until somebody writes to it.
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SafeFolder:
    """A folder, and operations on paths below it; each raises OSError where a link is in the way.

    The folder itself may be a link: its operator has named it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def opened(self, path: str = "", *, create: bool = False) -> Iterator[int]:
        """Open a folder below; yield its descriptor. `create`: make the folders that are missing.

        Raises OSError, with ELOOP or ENOTDIR where a part is a link.
        """
        descriptor = os.open(self.root, OPEN_FOLDER & ~os.O_NOFOLLOW)
        try:
            for part in _parts(path):
                inner = _enter(descriptor, part, create)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _parent(self, path: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder that a path lies in; yield its descriptor and the path's last part."""
        *above, name = _parts(path)
        with self.opened("/".join(above), create=create) as folder:
            yield folder, name

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading. Raises OSError if it is none, or a link."""
        with self._parent(path) as (folder, name):
            descriptor = os.open(name, OPEN_FILE, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "It is no file", name)
        return os.fdopen(descriptor, "rb")

    def stat(self, path: str) -> os.stat_result | None:
        """Return what is known of a path; None if there is nothing, or a link on the way."""
        try:
            if not _parts(path):
                return self.root.stat()
            with self._parent(path) as (folder, name):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return None

    def is_file(self, path: str) -> bool:
        """Return whether a path is a file, and no link."""
        about = self.stat(path)
        return about is not None and stat.S_ISREG(about.st_mode)

    def is_folder(self, path: str) -> bool:
        """Return whether a path is a folder, and no link."""
        about = self.stat(path)
        return about is not None and stat.S_ISDIR(about.st_mode)

    def names(self, path: str = "") -> list[str]:
        """Return the names in a folder, sorted; none if it is no folder, or a link."""
        try:
            with self.opened(path) as folder:
                return sorted(os.listdir(folder))  # noqa: PTH208 (it has a descriptor, no path)
        except OSError:
            return []

    def create(self, path: str, data: bytes) -> None:
        """Write a new file in place of whatever has its name; a link is removed, not followed."""
        with self._parent(path) as (folder, name):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            with os.fdopen(os.open(name, CREATE_FILE, 0o666, dir_fd=folder), "wb") as file:
                file.write(data)

    def rename(self, source: str, target: str) -> None:
        """Move a file or a folder within this folder, durably; makes the folders of the target."""
        with (
            self._parent(source) as (from_folder, old),
            self._parent(target, create=True) as (to_folder, new),
        ):
            os.rename(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder)
            os.fsync(to_folder)

    def unlink(self, path: str) -> None:
        """Remove a file; nothing happens if it is gone."""
        with contextlib.suppress(FileNotFoundError), self._parent(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def remove_if_empty(self, path: str) -> bool:
        """Remove an empty folder; return whether it is gone."""
        try:
            with self._parent(path) as (folder, name):
                os.rmdir(name, dir_fd=folder)
        except OSError:  # something lies in it, or it is a link: it is not ours to remove
            return False
        return True

    def remove_tree(self, path: str) -> None:
        """Remove a folder with all that is in it, as far as that is possible."""
        with contextlib.suppress(OSError), self._parent(path) as (folder, name):
            shutil.rmtree(name, ignore_errors=True, dir_fd=folder)

    def walk(self, path: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the folders from the deepest to this one, each with the names of its files."""
        with self.opened(path) as top:
            for root, _, names, _ in os.fwalk(".", topdown=False, dir_fd=top):
                yield str(PurePosixPath(path, root)), names


def _parts(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path. Raises OSError if it leads upwards or is absolute."""
    parts = PurePosixPath(path).parts
    if ".." in parts or "/" in parts:
        raise OSError(errno.EXDEV, "The path leads elsewhere", path)
    return parts


def _enter(folder: int, name: str, create: bool) -> int:
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
    return os.open(name, OPEN_FOLDER, dir_fd=folder)
