"""Where a download lies: its description, its files in the library."""

from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from downloads.library.record import Layout
from downloads.models.download_file import DownloadFile
from downloads.uploaded_torrents import torrent_file


class OnDisk:
    """Mixed into the model of downloads."""

    @property
    def descriptions(self: Any) -> list[Path]:
        """The files that may hold its list of files: uploaded, or saved by the engine."""
        saved = Path(settings.DATA_DIR) / "swarm" / "resume" / self.info_hash
        kept = [saved.with_suffix(suffix) for suffix in (".torrent", ".resume", ".previous")]
        return [torrent_file(self.info_hash), *kept]

    @property
    def directory(self: Any) -> Path:
        """A folder that is never made: torrents are kept by info hash, shared by their owners."""
        return Path(settings.DATA_DIR) / "torrents" / str(self.pk)

    @property
    def result_path(self: Any) -> Path:
        """The file or folder in the library; the library itself where nothing is finished."""
        return Path(settings.DOWNLOAD_DIR) / self.place

    def file_on_disk(self: Any, file: DownloadFile) -> Path | None:
        """Where a finished file lies; None where it is gone or something led out of the library."""
        home = Path(settings.DOWNLOAD_DIR).resolve()
        path = home.joinpath(self.place, file.path) if file.path else home / self.place
        inside = path.resolve() == path and path.is_relative_to(home) and path != home
        is_there = self.place and inside and file.priority and path.is_file()
        return path if is_there else None

    def is_misplaced(self: Any, place: str) -> bool:
        """Whether files at this place are not in its category's folder, or have another name."""
        folder = self.category.folder if self.category else ""
        path = PurePosixPath(place)
        if self.layout == Layout.FLAT and path == PurePosixPath(folder):
            return False
        return path.parent != PurePosixPath(folder) or not path.name.startswith(self.save_as)
