"""Free names in the library, reserved for whoever is about to take them."""

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from downloads.library.folders import BadFolder, check_folder
from downloads.names import file_name

LONGEST_SUFFIX = 10


class FreeNames:
    """Reserves names for threads that publish at the same time, so that slow syncs need no lock."""

    def __init__(self, library: Path) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._taken: set[Path] = set()

    @contextlib.contextmanager
    def one(self, folder: str, wanted: str, own: str = "") -> Iterator[str]:
        """Reserve the wanted name in a folder, or the first free one of "name (2)" and so on.

        `own`: a path that may be kept. Yields a path. Raises OSError if the folder cannot be used.
        """
        with self._lock:
            place = self._free_place(folder, wanted, own)
            path = self._library / place
            self._taken.add(path)
        try:
            yield place
        finally:
            self._taken.discard(path)

    @contextlib.contextmanager
    def all_of(self, folder: str, names: set[str]) -> Iterator[bool]:
        """Return whether all these names are free in a folder; if so, nobody takes them meanwhile.

        Raises OSError if the folder cannot be used.
        """
        with self._lock:
            home = self._home(folder)
            paths = {home / name for name in names}
            is_fit = all(file_name(name, otherwise="") == name for name in names)
            is_free = is_fit and not any(self._has(path) for path in paths)
            paths = paths if is_free else set()
            self._taken |= paths
        try:
            yield is_free
        finally:
            self._taken -= paths

    def _has(self, path: Path) -> bool:
        return path in self._taken or os.path.lexists(path)

    def _home(self, folder: str) -> Path:
        """Return a folder of the library, created if it is not there."""
        try:
            check_folder(self._library, folder)
        except BadFolder as error:
            raise OSError(errno.EXDEV, str(error).rstrip(".")) from None
        home = self._library / folder
        home.mkdir(parents=True, exist_ok=True)
        return home

    def _free_place(self, folder: str, wanted: str, own: str) -> str:
        home = self._home(folder)
        stem, dot, suffix = wanted.rpartition(".")
        if not dot or len(suffix) > LONGEST_SUFFIX or not stem:
            stem, dot, suffix = wanted, "", ""
        name, number = wanted, 1
        before = f"{folder}/" if folder else ""
        while before + name != own and self._has(home / name):
            number += 1
            name = f"{stem} ({number}){dot}{suffix}"
        return before + name
