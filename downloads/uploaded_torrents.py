"""The .torrent files that were uploaded, checked and cleaned."""

import fcntl
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from jobsite.jobs.storage.files import write_atomically

AT_ONCE = 8


def torrent_file(info_hash: str) -> Path:
    """Return the path of an uploaded .torrent file; one serves all who want the torrent."""
    return Path(settings.DATA_DIR) / "torrents" / f"{info_hash}.torrent"


@contextmanager
def locked(alone: bool = False) -> Iterator[None]:
    """Keep files from being removed between their storing and the commit of their rows.

    `alone`: to remove some. Raises BlockingIOError while somebody stores any.
    """
    folder = torrent_file("").parent
    folder.mkdir(mode=0o750, exist_ok=True)
    with (folder / ".lock").open("w+") as file:  # over NFS, sharing takes reading, too
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        yield


def keep_files(files: Mapping[str, bytes]) -> None:
    """Store checked .torrent files by info hash.

    In parallel: to make 200 durable one after the other takes a second, together a tenth of it.
    """
    with ThreadPoolExecutor(AT_ONCE, "keep") as pool:
        list(pool.map(keep_file, files, files.values()))


def keep_file(info_hash: str, data: bytes) -> None:
    """Store a checked .torrent file, unless it is here already."""
    path = torrent_file(info_hash)
    if not path.exists():
        path.parent.mkdir(mode=0o750, exist_ok=True)
        write_atomically(path, data, durable=True, draft=f"{uuid.uuid4()}.part")
