"""What is known of a complete torrent: where it lies, and under which names."""

from dataclasses import dataclass
from pathlib import PurePosixPath


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
    was: str = ""
    """Its place before, while it is moved."""

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    def path_of(self, file: StoredFile) -> str:
        """Where a file lies, relative to the download folder."""
        return f"{self.place}/{file.path}" if file.path else self.place


def name_for(original: str, wanted: str, is_file: bool) -> str:
    """The name that somebody wants, with the ending that tells programs what a file is."""
    if not wanted:
        return original
    ending = PurePosixPath(original).suffix if is_file else ""
    return wanted if wanted.casefold().endswith(ending.casefold()) else f"{wanted}{ending}"
