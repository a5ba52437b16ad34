"""State that survives a crash: one file of resume data for each torrent, and the DHT's nodes.

Written by a thread of its own, because making a file durable may take longer than the second in
which the engine has to read the session again.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from jobsite.jobs.storage.files import write_atomically

log = logging.getLogger(__name__)


class ResumeStore:
    """The folder of resume files, with the previous version of each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = ThreadPoolExecutor(1, "resume")
        self._pending: dict[str, Future[None]] = {}

    def versions(self, key: str) -> Iterator[bytes]:
        """Yield the newest version that is on disk, then the one before."""
        self._await(key)
        for path in (self._path(key), self._path(key).with_suffix(".previous")):
            try:
                yield path.read_bytes()
            except OSError:
                continue

    def save(self, key: str, data: bytes) -> None:
        """Queue a new version for writing, unless one of this torrent is queued already."""
        waiting = self._pending.get(key)
        if waiting is not None:
            waiting.cancel()
        self._pending[key] = self._writer.submit(self._write, self._path(key), data)

    def keep_file(self, key: str, data: bytes) -> None:
        """Queue a .torrent for writing beside the resume data, once."""
        path = self._path(key).with_suffix(".torrent")
        if not path.exists():
            self._writer.submit(self._write, path, data)

    def forget(self, key: str) -> None:
        """Remove all files that are kept of a torrent."""
        self._await(key)
        for suffix in (".resume", ".previous", ".torrent"):
            self._path(key).with_suffix(suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Wait until everything queued is written."""
        self._writer.shutdown(wait=True)

    def _await(self, key: str) -> None:
        waiting = self._pending.pop(key, None)
        if waiting is not None:
            waiting.result()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            if path.exists():
                path.replace(path.with_suffix(".previous"))
            write_atomically(path, data, durable=True)
        except OSError as error:
            log.warning("%s could not be kept: %s", path.name, error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.resume"
