"""Free names in the library, reserved for whoever is about to take them."""

import contextlib
import errno
import threading
from collections.abc import Iterator
from pathlib import Path

from downloads.library.folders import BadFolder, check_folder
from downloads.names import file_name
from jobsite.jobs.storage.safe_paths import SafeFolder

LONGEST_SUFFIX = 10


class FreeNames:
    """Reserves names for threads that publish at the same time, so that slow syncs need no lock."""

    def __init__(self, library: Path) -> None:
        self._library = library
        self._files = SafeFolder(library)
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    @contextlib.contextmanager
    def one(self, folder: str, wanted: str, own: str = "") -> Iterator[str]:
        """Reserve the wanted name in a folder, or the first free one of "name (2)" and so on.

        `own`: a path that may be kept. Yields a path. Raises OSError if the folder cannot be used.
        """
        with self._lock:
            place = self._free_place(folder, wanted, own)
            self._taken.add(place)
        try:
            yield place
        finally:
            self._taken.discard(place)

    @contextlib.contextmanager
    def all_of(self, folder: str, names: set[str]) -> Iterator[bool]:
        """Return whether all these names are free in a folder; if so, nobody takes them meanwhile.

        Raises OSError if the folder cannot be used.
        """
        with self._lock:
            self._make(folder)
            paths = {_joined(folder, name) for name in names}
            is_fit = all(file_name(name, otherwise="") == name for name in names)
            is_free = is_fit and not any(self._has(path) for path in paths)
            paths = paths if is_free else set()
            self._taken |= paths
        try:
            yield is_free
        finally:
            self._taken -= paths

    def _has(self, path: str) -> bool:
        return path in self._taken or self._files.stat(path) is not None

    def _make(self, folder: str) -> None:
        """Make a folder of the library if it is not there."""
        try:
            check_folder(self._library, folder)
        except BadFolder as error:
            raise OSError(errno.EXDEV, str(error).rstrip(".")) from None
        with self._files.opened(folder, create=True):
            pass

    def _free_place(self, folder: str, wanted: str, own: str) -> str:
        self._make(folder)
        stem, dot, suffix = wanted.rpartition(".")
        if not dot or len(suffix) > LONGEST_SUFFIX or not stem:
            stem, dot, suffix = wanted, "", ""
        name, number = wanted, 1
        while (place := _joined(folder, name)) != own and self._has(place):
            number += 1
            name = f"{stem} ({number}){dot}{suffix}"
        return place


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
