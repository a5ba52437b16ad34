"""Where data lies: incomplete out of sight, complete under its own name, by one rename.

    <download folder>/.incomplete/<info hash>/...   while it is being fetched
    <download folder>/<name>                        once it is whole
    <state folder>/library/<info hash>.json         the record of what lies there

The record is written before the rename, so that a crash between the two is seen at the next look;
the files are made durable before both, so that what is called complete outlives a loss of power.
"""

import json
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .names import file_name
from .resume import write_durably

HIDDEN = ".incomplete"


@dataclass(frozen=True)
class StoredFile:
    """One file of a torrent. `path` is relative to the torrent's own folder or file."""

    index: int
    path: str
    size: int


@dataclass(frozen=True)
class Record:
    """A complete torrent. `place` is its file or folder, relative to the download folder."""

    key: str
    original: str
    place: str
    files: tuple[StoredFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    def path_of(self, file: StoredFile) -> str:
        """Where a file lies, relative to the download folder."""
        return f"{self.place}/{file.path}" if file.path else self.place


class Library:
    """The download folder and the records of what lies in it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._records = state / "library"
        self._records.mkdir(parents=True, exist_ok=True)
        self._naming = threading.Lock()

    def incomplete(self, key: str) -> Path:
        """The folder for a torrent's data while it is being fetched."""
        return self._folder / HIDDEN / key

    def complete(self, key: str) -> Record | None:
        """The record of a torrent whose files are all in place; None where anything is amiss."""
        record = self._read(key)
        if record is None:
            return None
        source = self.incomplete(key) / record.original
        if source.exists() and not self._is_there(record):
            return self._move(record)  # a crash came between the record and the rename
        return record if self._is_there(record) else None

    def publish(self, key: str, original: str, files: Sequence[StoredFile]) -> Record:
        """Make a torrent's data, which is whole, durable and move it to where people look for it.

        May take seconds; several threads may call it for different torrents.
        """
        _make_durable(self.incomplete(key))
        with self._naming:
            place = self._free_name(file_name(original, otherwise=key))
            record = Record(key, original, place, tuple(files))
            draft = self._path(key).with_suffix(".part")
            write_durably(draft, json.dumps(asdict(record)).encode())
            draft.replace(self._path(key))
            return self._move(record)

    def discard_incomplete(self, key: str) -> None:
        """Remove what was fetched of a torrent that is not whole."""
        shutil.rmtree(self.incomplete(key), ignore_errors=True)

    def delete(self, key: str) -> None:
        """Remove a torrent's files and nothing else: what somebody put beside them stays."""
        self.discard_incomplete(key)
        record = self._read(key)
        if record is None:
            return
        home = self._folder.resolve()
        folders = set()
        for file in record.files:
            path = home / record.path_of(file)
            # A folder that was replaced by a link to elsewhere leads out of the library.
            if path.parent.resolve() == path.parent and path.is_relative_to(home):
                path.unlink(missing_ok=True)
                folders |= {one for one in path.parents if one.is_relative_to(home) and one != home}
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
            try:
                folder.rmdir()
            except OSError:  # not empty: something else lies there
                continue
        self._path(key).unlink(missing_ok=True)

    def _move(self, record: Record) -> Record:
        source = self.incomplete(record.key) / record.original
        source.rename(self._folder / record.place)
        _sync(self._folder)
        self.discard_incomplete(record.key)
        return record

    def _free_name(self, wanted: str) -> str:
        """The name, or the first of "name (2)", "name (3)" that nothing has."""
        stem, dot, suffix = wanted.rpartition(".")
        if not dot or len(suffix) > 10 or not stem:
            stem, dot, suffix = wanted, "", ""
        name, number = wanted, 1
        while (self._folder / name).exists() or (self._folder / name).is_symlink():
            number += 1
            name = f"{stem} ({number}){dot}{suffix}"
        return name

    def _is_there(self, record: Record) -> bool:
        for file in record.files:
            path = self._folder / record.path_of(file)
            try:
                if path.is_symlink() or path.stat().st_size != file.size:
                    return False
            except OSError:
                return False
        return True

    def _read(self, key: str) -> Record | None:
        try:
            fields = json.loads(self._path(key).read_text())
            files = tuple(StoredFile(**file) for file in fields.pop("files"))
            return Record(**fields, files=files)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _path(self, key: str) -> Path:
        return self._records / f"{key}.json"


def _make_durable(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            _sync(Path(root, name))
        _sync(Path(root))


def _sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
