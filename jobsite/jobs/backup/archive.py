"""One archive with the database and the files, made while the site works.

The database is copied first: whatever a row of that moment names is then still there, or was
deleted meanwhile. The other way round, a row could name a file that the archive has not.
"""

import hashlib
import json
import os
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from jobsite.jobs.backup import database
from jobsite.jobs.models.kinds import kind_folders

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
FILES = "files/"
# What a running site makes anew. The secret key is left out too: who finds an old backup must not
# be able to sign links and sessions with it.
LEFT_OUT = frozenset({"run", "tmp", "sessions", "hosts", "secret_key", "reserve", "held"})
BLOCK = 1 << 20


@dataclass
class Archive:
    """A zip file that is being written, with the hash of each member."""

    zip: zipfile.ZipFile
    skip: frozenset[Path]
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, path: Path, name: str) -> None:
        """Add one file, unless it is in the archive already or is gone by now."""
        if name in self.hashes or path in self.skip:
            return
        try:
            # A link is not followed, and a pipe is not waited for.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            if path.is_symlink():
                return
            raise database.SnapshotFailed(f"{path} cannot be read: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as file:
            if S_ISREG(os.fstat(descriptor).st_mode):
                self.hashes[name] = self.copy(file, name)

    def copy(self, file: BinaryIO, name: str) -> str:
        """Compress a file into the archive and return its SHA-256."""
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(name, timezone.localtime().timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self.zip.open(info, "w", force_zip64=True) as member:
            while block := file.read(BLOCK):
                digest.update(block)
                member.write(block)
        return digest.hexdigest()

    def add_tree(self, root: Path, prefix: str, left_out: frozenset[Path]) -> None:
        """Add every file below a folder."""
        for path in files_below(root, left_out):
            self.add(path, prefix + path.relative_to(root).as_posix())

    def finish(self, with_library: bool) -> None:
        """Write the manifest last: an archive without it is incomplete."""
        applied = MigrationRecorder(connection).applied_migrations()
        manifest = {
            "format": FORMAT,
            "version": settings.VERSION,
            "made_at": timezone.now().isoformat(),
            "database": connection.vendor,
            "migrations": sorted(list(key) for key in applied),
            "library": with_library,
            "sha256": self.hashes,
        }
        self.zip.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def files_below(root: Path, left_out: frozenset[Path]) -> Iterator[Path]:
    """Yield every path below a folder that is not a folder, without those to leave out."""
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if here / name not in left_out)
        yield from (here / name for name in sorted(names) if here / name not in left_out)


def write(target: Path, with_library: bool = False) -> int:
    """Write the archive, complete under its name or not at all; return the number of files in it.

    Raises SnapshotFailed, or OSError if the file cannot be written.
    """
    draft = target.with_name(f"{target.name}.part-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            count = fill(file, frozenset({target, draft}), with_library)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return count


def fill(file: BinaryIO, skip: frozenset[Path], with_library: bool) -> int:
    """Write the content of an archive and return the number of its files."""
    data, elsewhere = Path(settings.DATA_DIR), kind_folders()
    made_anew = {data / name for name in LEFT_OUT}
    left_out = frozenset({*made_anew, *elsewhere.values(), settings.BACKUP_DIR, *database_files()})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as container:
        archive = Archive(container, skip)
        with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as scratch:
            database.take(Path(scratch) / DATABASE)
            archive.add(Path(scratch) / DATABASE, DATABASE)
        # Twice: results are published by renaming a folder, which the first walk may just miss.
        for _ in range(2):
            archive.add_tree(data, FILES, left_out)
            if with_library:
                for name, folder in elsewhere.items():
                    archive.add_tree(folder, f"{name}/", frozenset())
        archive.finish(with_library)
    return len(archive.hashes)


def database_files() -> set[Path]:
    """Return SQLite's files, of which the archive holds a snapshot instead."""
    name = str(connection.settings_dict["NAME"])
    return {Path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal")}
