"""Watch folders, one per person: .torrent files and lists of links in them are added.

<watch folder>/<user name>/show.torrent   ->   show.torrent.added
<watch folder>/<user name>/links.txt      ->   links.txt.invalid, and why in links.txt.reason
"""

import logging
import os
import stat
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import File

from downloads.adding import Asked, read_links, read_torrents, submit
from downloads.metainfo.torrent_file import MAX_METADATA
from jobsite.jobs.models.allowance import OverAllowance

log = logging.getLogger(__name__)

TORRENTS, LISTS = {".torrent"}, {".magnet", ".txt"}
QUIET_FOR = 2.0  # seconds that a file must have been left alone
AT_ONCE = 20
Stamp = tuple[int, int]  # size and time of the last change


class WatchFolders:
    """The folders of all people, and the files that were seen in them last time."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: dict[Path, Stamp] = {}
        self._refused: dict[Path, Stamp] = {}

    def step(self) -> None:
        """Add the files that have not changed since the last call."""
        seen: dict[Path, Stamp] = {}
        ripe: list[tuple[str, Path]] = []
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

    def _files(self) -> Iterator[tuple[str, Path, Stamp]]:
        """Yield user name, path and stamp of each file that looks like a torrent or a list."""
        for folder in _entries(self._home):
            if not folder.is_dir(follow_symlinks=False):
                continue
            for entry in _entries(Path(folder.path)):
                if Path(entry.name).suffix.lower() not in TORRENTS | LISTS:
                    continue
                try:
                    about = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(about.st_mode):
                    yield folder.name, Path(entry.path), (about.st_size, about.st_mtime_ns)

    def _take(self, person: Any, path: Path) -> None:
        try:
            asked = _read(path)
        except OSError as error:
            log.warning("%s in the watch folder cannot be read: %s", path.name, error.strerror)
            self._refused[path] = self._seen[path]
            return
        try:
            added = submit(person, asked)
        except (OverAllowance, OSError) as error:
            log.warning("%s waits in the watch folder: %s", path.name, error)
            return  # it is tried again: room may come
        reasons = [f"{one.text}: {one.reason}" for one in added.invalid]
        if not asked:
            reasons = ["There is no link in this file."]
        self._finish(path, "invalid" if added.is_useless else "added", reasons)

    def _finish(self, path: Path, word: str, reasons: list[str]) -> None:
        """Rename a processed file, so that it is not taken twice, and write down refusals."""
        try:
            if reasons:
                path.with_name(f"{path.name}.reason").write_text("\n".join(reasons) + "\n")
            path.replace(path.with_name(f"{path.name}.{word}"))
        except OSError as error:
            log.warning("%s in the watch folder cannot be renamed: %s", path.name, error.strerror)
            self._refused[path] = self._seen[path]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:  # there is none: nobody uses it
        return []


def _read(path: Path) -> list[Asked]:
    """Return the torrent or the links of a file. Raises OSError, also if it is a symbolic link."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        # One byte more than is allowed tells a file that is too large without reading it all.
        data = file.read(MAX_METADATA + 1)
    if path.suffix.lower() in TORRENTS:
        return read_torrents([File(BytesIO(data), name=path.name)])
    return read_links(data[:MAX_METADATA].decode(errors="replace"))
