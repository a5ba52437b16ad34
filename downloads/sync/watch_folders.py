"""Watch folders, one per person: .torrent files and lists of links in them are added.

<watch folder>/<user name>/show.torrent   ->   show.torrent.added
<watch folder>/<user name>/links.txt      ->   links.txt.invalid, and why in links.txt.reason
"""

import logging
import stat
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import File

from downloads.adding import Asked, read_links, read_torrents, submit
from downloads.metainfo.torrent_file import MAX_METADATA
from downloads.names import TORRENTS, is_watched
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.storage.safe_paths import SafeFolder

log = logging.getLogger(__name__)

QUIET_FOR = 2.0  # seconds that a file must have been left alone
AT_ONCE = 20
Stamp = tuple[int, int]  # size and time of the last change


class WatchFolders:
    """The folders of all people, and the files that were seen in them last time."""

    def __init__(self, home: Path) -> None:
        self._folder = SafeFolder(home)
        self._seen: dict[str, Stamp] = {}  # by path below the folder, as below
        self._refused: dict[str, Stamp] = {}

    def step(self) -> None:
        """Add the files that have not changed since the last call."""
        seen: dict[str, Stamp] = {}
        ripe: list[tuple[str, str]] = []
        for owner, path, stamp in self._files():
            seen[path] = stamp
            is_complete = time.time() - stamp[1] / 1e9 > QUIET_FOR
            if is_complete and self._seen.get(path) == stamp and self._refused.get(path) != stamp:
                ripe.append((owner, path))
        self._seen = seen
        self._refused = {path: stamp for path, stamp in self._refused.items() if path in seen}
        ripe = ripe[:AT_ONCE]
        names = {owner for owner, _ in ripe}
        people = get_user_model().objects.filter(username__in=names, is_active=True)
        by_name = {person.get_username(): person for person in people}
        for owner, path in ripe:
            if owner in by_name:
                self._take(by_name[owner], path)

    def _files(self) -> Iterator[tuple[str, str, Stamp]]:
        """Yield user name, path and stamp of each file that looks like a torrent or a list."""
        for owner in self._folder.names():
            for name in self._folder.names(owner):
                if not is_watched(name):
                    continue
                about = self._folder.stat(f"{owner}/{name}")
                if about is not None and stat.S_ISREG(about.st_mode):
                    yield owner, f"{owner}/{name}", (about.st_size, about.st_mtime_ns)

    def _take(self, person: Any, path: str) -> None:
        try:
            asked = self._read(path)
        except OSError as error:
            log.warning("%s in the watch folder cannot be read: %s", path, error.strerror)
            self._refused[path] = self._seen[path]
            return
        try:
            added = submit(person, asked)
        except (OverAllowance, OSError) as error:
            log.warning("%s waits in the watch folder: %s", path, error)
            return  # it is tried again: room may come
        reasons = [f"{one.text}: {one.reason}" for one in added.invalid]
        if not asked:
            reasons = ["There is no link in this file."]
        self._finish(path, "invalid" if added.is_useless else "added", reasons)

    def _read(self, path: str) -> list[Asked]:
        """Return the torrent or the links of a file. Raises OSError, also if it is a link."""
        with self._folder.open(path) as file:
            # One byte more than is allowed tells a file that is too large without reading it all.
            data = file.read(MAX_METADATA + 1)
        name = PurePosixPath(path)
        if name.suffix.lower() in TORRENTS:
            return read_torrents([File(BytesIO(data), name=name.name)])
        return read_links(data[:MAX_METADATA].decode(errors="replace"))

    def _finish(self, path: str, word: str, reasons: list[str]) -> None:
        """Rename a processed file, so that it is not taken twice, and write down refusals."""
        try:
            if reasons:
                self._folder.create(f"{path}.reason", ("\n".join(reasons) + "\n").encode())
            self._folder.rename(path, f"{path}.{word}")
        except OSError as error:
            log.warning("%s in the watch folder cannot be renamed: %s", path, error.strerror)
            self._refused[path] = self._seen[path]
