"""Restoring a backup into an empty data folder: everything is checked before any file moves."""

import hashlib
import json
import lzma
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.text import get_text_list

from jobsite.jobs.backup import database
from jobsite.jobs.backup.archive import (
    BLOCK,
    DATABASE,
    FILES,
    FORMAT,
    MANIFEST,
    database_files,
    files_below,
)
from jobsite.jobs.models.kinds import kind_folder_settings, kind_folders
from jobsite.jobs.storage import hold

# What the settings and a first command make in a new folder.
MADE_BY_ITSELF = frozenset({"secret_key", "up.lock", "restarts.count", "reserve", "held"})


# What reading an archive may raise: RuntimeError for one with a password or of an unknown method,
# ValueError for a name that is no text.
UNREADABLE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
    ValueError,
)  # fmt: skip


class CannotRestore(Exception):
    """Nothing was restored; the text is the reason, as a sentence."""


def read(source: Path) -> int:
    """Restore the archive and return the number of its files. Raises CannotRestore."""
    refuse_used_folder()
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = checked_manifest(archive)
            with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
                unpack(archive, manifest["sha256"], Path(folder))
                hold.hold()
                put_back(Path(folder))
    except FileNotFoundError:
        raise CannotRestore(f"There is no file {source}.") from None
    except UNREADABLE as error:
        raise damaged(source.name, str(error) or type(error).__name__) from error
    except database.SnapshotFailed as error:
        raise CannotRestore(str(error)) from error
    except OSError as error:
        raise CannotRestore(f"Writing the data folder failed: {error}.") from error
    return len(manifest["sha256"])


def damaged(what: str, how: str) -> CannotRestore:
    """Return the refusal of an archive that is not as it was written."""
    return CannotRestore(f"{what} is damaged or no backup of jobsite ({how}). Use another one.")


def refuse_used_folder() -> None:
    """Refuse a folder that is not empty: a restore never mixes with what is there."""
    kept = database_files()
    named = ["JOBSITE_DATA_DIR", *kind_folder_settings().values()]
    for root in (Path(settings.DATA_DIR), *kind_folders().values()):
        for path in files_below(root, frozenset()):
            if path not in kept and path.name not in MADE_BY_ITSELF:
                raise CannotRestore(
                    f"The folder {root} is not empty (it holds {path.relative_to(root)}). Set "
                    f"{get_text_list(named, 'and')} to new folders, or move the old ones away."
                )
    if not database.is_empty():
        raise CannotRestore(
            "The database is not empty. Name an empty one with DATABASE_URL, or move the old one "
            "away."
        )


def checked_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return the archive's manifest, if this version can restore it."""
    try:
        manifest = json.loads(archive.read(MANIFEST))
        form, vendor = manifest["format"], manifest["database"]
        migrations = {(app, name) for app, name in manifest["migrations"]}
        hashes = dict(manifest["sha256"])
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged("The archive", "its manifest is missing or cannot be read") from error
    known = set(MigrationLoader(None).disk_migrations)
    newer = sorted(f"{app}.{name}" for app, name in migrations - known)
    if form != FORMAT or newer:
        named = f" It knows {', '.join(newer[:3])}." if newer else ""
        raise CannotRestore(
            f"The backup was made by a newer version of jobsite.{named} Update this one first."
        )
    if vendor != connection.vendor:
        raise CannotRestore(
            f"The backup holds a {vendor} database, and DATABASE_URL names one of "
            f"{connection.vendor}. Restore into a database of the same kind."
        )
    if set(archive.namelist()) != {*hashes, MANIFEST} or DATABASE not in hashes:
        raise damaged("The archive", "its files are not those of its manifest")
    return manifest


def unpack(archive: zipfile.ZipFile, hashes: dict[str, str], folder: Path) -> None:
    """Unpack every file into a scratch folder and compare each with its hash."""
    for name, expected in hashes.items():
        target = folder / inside(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with archive.open(name) as member, target.open("xb") as file:
                while block := member.read(BLOCK):
                    digest.update(block)
                    file.write(block)
        except UNREADABLE as error:
            raise damaged(name, str(error) or type(error).__name__) from error
        if digest.hexdigest() != expected:
            raise damaged(name, "its content is not what was written")


def inside(name: str) -> PurePosixPath:
    """Return the name as a path below the folder. Raises CannotRestore if it leads elsewhere."""
    path = PurePosixPath(name)
    at_home = name == DATABASE or name.startswith(tuple(places()))
    if not at_home or path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
        raise damaged("The archive", f"the name {name!r} leads out of its folder")
    return path


def places() -> dict[str, Path]:
    """Return the folders of an archive and where their files belong."""
    elsewhere = {f"{name}/": path for name, path in kind_folders().items()}
    return {FILES: Path(settings.DATA_DIR), **elsewhere}


def put_back(folder: Path) -> None:
    """Move the checked files to their places, the database last."""
    for name, place in places().items():
        root = folder / name
        for path in list(files_below(root, frozenset())):
            target = place / path.relative_to(root)
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            shutil.move(path, target)
    database.put_back(folder / DATABASE)
