"""The layout of the library: incomplete data out of sight, complete data under its own name.

    <download folder>/.incomplete/<info hash>/...   while it is being fetched
    <download folder>/<category's folder>/<name>    once it is whole
    <state folder>/library/<info hash>.json         the record of what lies there

The record is written before any rename, so that a crash between the two is detected at the next
start; the files are made durable before both, so that what is called complete outlives a loss of
power.
"""

import contextlib
import errno
import json
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath

from downloads.library.folders import parents
from downloads.library.free_names import FreeNames
from downloads.library.record import Layout, Record, StoredFile, Where, name_for
from downloads.library.selection import in_order
from downloads.names import file_name
from jobsite.jobs.storage.files import make_durable, write_atomically
from jobsite.jobs.storage.safe_paths import SafeFolder

HIDDEN = ".incomplete"
AT_TOP = Where()
HERE = "."  # the library itself
LOOKED_AT = 500  # files of one torrent


class Library:
    """The download folder and the records of what lies in it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._files = SafeFolder(folder)
        self._records = state / "library"
        self._records.mkdir(parents=True, exist_ok=True)
        self._names = FreeNames(folder)

    def incomplete(self, key: str) -> Path:
        """Return the folder for a torrent's data while it is being fetched."""
        return self._folder / HIDDEN / key

    def complete(self, key: str) -> Record | None:
        """Return the record of a torrent whose files are all in place, else None."""
        record = self._read(key)
        if record is None:
            return None
        source = record.was or f"{HIDDEN}/{key}/{record.original}"
        if self._files.stat(source) and not self._is_there(record):
            return self._move(record, source)  # a crash came between the record and the rename
        return record if self._is_there(record) else None

    def record(self, key: str) -> Record | None:
        """Return the record of a torrent of which at least one file is in its place."""
        record = self.complete(key) or self._read(key)
        is_there = record is not None and any(self._has(record, file) for file in record.files)
        return record if is_there else None

    def missing(self, record: Record) -> str:
        """Return the path of a file that is gone or has another size; empty if there is none.

        A torrent of very many files is looked at in part.
        """
        gone = (file for file in record.files[:LOOKED_AT] if not self._has(record, file))
        return next((record.path_of(file) for file in gone), "")

    def paths(self, record: Record) -> dict[int, Path]:
        """Return the paths of its files, by number."""
        return {file.index: self._folder / record.path_of(file) for file in record.files}

    def publish(
        self, key: str, original: str, files: Sequence[StoredFile], where: Where = AT_TOP
    ) -> Record:
        """Make a torrent's complete data durable and move it to its place in the library.

        May take seconds; several threads may call it for different torrents. Raises OSError.
        """
        make_durable(self.incomplete(key))
        source = f"{HIDDEN}/{key}/{original}"
        before = self.record(key)
        if before is not None:
            return self._add(before, source, files)
        is_file = self._files.is_file(source)
        if not is_file:
            self._keep_only(source, [file.path for file in files])
        record = Record(key, original, "", tuple(files))
        if where.layout == Layout.FLAT and not is_file:
            with self._names.all_of(where.folder, record.names) as is_free:
                if is_free:
                    record = replace(record, place=where.folder or HERE, is_loose=True)
                    return self._put(record, source)
        name = file_name(name_for(original, where.name, is_file), otherwise=key)
        if where.layout == Layout.SUBFOLDER and is_file:
            record = replace(record, files=(replace(files[0], path=name),))
            name = PurePosixPath(name).stem
        with self._names.one(where.folder, name) as place:
            return self._put(replace(record, place=place), source)

    def found(
        self, key: str, original: str, files: Sequence[StoredFile], where: Where = AT_TOP
    ) -> Record | None:
        """Return the record of files that lie where these would be put, by name and size alone.

        None if there is none, if one has another size, or if they are another torrent's.
        """
        is_file = not files[0].path
        if where.layout != Layout.ORIGINAL and (where.layout == Layout.FLAT) != is_file:
            return None  # a place of its own is only made when it is complete
        name = file_name(name_for(original, where.name, is_file), otherwise=key)
        place = f"{where.folder}/{name}" if where.folder else name
        if self._files.stat(place) is None or self._is_claimed(place):
            return None
        record = Record(key, original, place, tuple(files))
        there = [file for file in files if self._files.stat(record.path_of(file)) is not None]
        if not there or not all(self._has(record, file) for file in there):
            return None
        return replace(record, files=tuple(there))

    def adopt(self, record: Record) -> None:
        """Count files that were found as those of a torrent; they are where they are to be."""
        self._keep(record)

    def _is_claimed(self, place: str) -> bool:
        """Return whether a file or folder of the library belongs to a torrent."""
        records = (self._read(path.stem) for path in self._records.glob("*.json"))
        return any(place in {one.place, one.was} for one in records if one)

    def _put(self, record: Record, source: str) -> Record:
        self._keep(record)
        return self._move(record, source)

    def _add(self, record: Record, source: str, files: Sequence[StoredFile]) -> Record:
        """Put further files of a torrent beside those that are in the library."""
        there = {file.index for file in record.files if self._has(record, file)}
        new = [file for file in files if file.index not in there]
        old = [file for file in record.files if file.index in there]
        record = replace(record, files=in_order([*old, *new]))
        for file in new:
            if record.is_loose and self._files.stat(record.path_of(file)):
                raise OSError(errno.EEXIST, f"There is a file “{file.path}” already")
            self._files.rename(f"{source}/{file.path}", record.path_of(file))
        # Written last: what a crash leaves unwritten is fetched again.
        self._keep(record)
        self.discard_incomplete(record.key)
        return record

    def relocate(self, key: str, folder: str, name: str = "") -> Record | None:
        """Move a complete torrent into a folder, under a name; return None if it is not complete.

        Raises OSError if that cannot be, and then all is where it was.
        """
        record = self.complete(key)
        if record is None:
            return None
        if record.is_loose:
            return self._relocate_loose(record, folder)
        old = PurePosixPath(record.place)
        is_file = self._files.is_file(record.place)
        name = file_name(name_for(old.name, name, is_file), otherwise=key)
        with self._names.one(folder, name, own=record.place) as place:
            if place == record.place:
                return record
            return self._shift(record, place)

    def _relocate_loose(self, record: Record, folder: str) -> Record:
        place = folder or HERE
        if place == record.place:
            return record
        with self._names.all_of(folder, record.names) as is_free:
            if not is_free:
                raise OSError(errno.EEXIST, "There is something of the same name")
            moved = self._shift(record, place)
        self._remove_empty(
            f"{record.place}/{up}" for file in record.files for up in parents(file.path)
        )
        return moved

    def _shift(self, record: Record, place: str) -> Record:
        moved = replace(record, place=place, was=record.place)
        self._keep(moved)
        try:
            return self._move(moved, record.place)
        except OSError:
            if not record.is_loose:  # of many files some may have gone; the others follow
                self._keep(record)
            raise

    def rename_files(self, key: str, paths: Mapping[int, str]) -> Record | None:
        """Rename files within a torrent's folder; return None if it is not complete.

        Raises OSError if a name is taken, and then those before it are renamed.
        """
        record = self.complete(key)
        for file in record.files if record else ():
            assert record is not None
            if file.index not in paths or file.path in {"", paths[file.index]}:
                continue
            renamed = replace(file, path=paths[file.index])
            if self._files.stat(record.path_of(renamed)):
                raise OSError(errno.EEXIST, f"There is a file “{renamed.path}” already")
            self._files.rename(record.path_of(file), record.path_of(renamed))
            files = tuple(renamed if one == file else one for one in record.files)
            record = replace(record, files=files)
            self._keep(record)
            self._remove_empty(f"{record.place}/{up}" for up in parents(file.path))
        return record

    def discard_incomplete(self, key: str) -> None:
        """Remove the data of a torrent that is not complete."""
        self._files.remove_tree(f"{HIDDEN}/{key}")

    def delete(self, key: str) -> None:
        """Remove a torrent's files and nothing else: what somebody put beside them stays."""
        self.discard_incomplete(key)
        record = self._read(key)
        if record is None:
            return
        folders: set[str] = set()
        for file in record.files:
            with contextlib.suppress(OSError):  # a link is in its way: what it leads to stays
                self._files.unlink(record.path_of(file))
                folders.update(f"{record.place}/{up}" for up in parents(file.path))
        self._remove_empty(folders if record.is_loose else {record.place, *folders})
        self._path(key).unlink(missing_ok=True)

    def _keep(self, record: Record) -> None:
        write_atomically(self._path(record.key), json.dumps(asdict(record)).encode(), durable=True)

    def _move(self, record: Record, source: str) -> Record:
        is_folder = self._files.is_folder(source)
        if record.is_loose or (not is_folder and record.files[0].path):
            for file in record.files:
                one = f"{source}/{file.path}" if is_folder else source
                if self._files.stat(one):  # moved already where a crash came in between
                    self._files.rename(one, record.path_of(file))
        else:
            self._files.rename(source, record.place)
        self.discard_incomplete(record.key)
        if record.was:
            record = replace(record, was="")
            self._keep(record)
        return record

    def _is_there(self, record: Record) -> bool:
        return all(self._has(record, file) for file in record.files)

    def _has(self, record: Record, file: StoredFile) -> bool:
        about = self._files.stat(record.path_of(file))
        return about is not None and stat.S_ISREG(about.st_mode) and about.st_size == file.size

    def _read(self, key: str) -> Record | None:
        try:
            fields = json.loads(self._path(key).read_text())
            files = tuple(StoredFile(**file) for file in fields.pop("files"))
            return Record(**fields, files=files)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _path(self, key: str) -> Path:
        return self._records / f"{key}.json"

    def _keep_only(self, top: str, paths: Sequence[str]) -> None:
        """Remove the incomplete data of files that are not wanted any more."""
        kept = {f"{top}/{path}" for path in paths}
        for folder, names in self._files.walk(top):
            for name in names:
                if f"{folder}/{name}" not in kept:
                    self._files.unlink(f"{folder}/{name}")
            if folder != top:
                self._files.remove_if_empty(folder)

    def _remove_empty(self, folders: Iterable[str]) -> None:
        """Remove those of the folders that are empty, the inner ones first."""
        for folder in sorted(set(folders), key=lambda path: path.count("/"), reverse=True):
            self._files.remove_if_empty(folder)
