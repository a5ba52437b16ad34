"""The record of a complete torrent: its place and its file names."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class StoredFile:
    """A file of a torrent. `path` is relative to the torrent's own folder or file."""

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
    is_loose: bool = False
    """Whether its files lie in a folder with other things: `place` is that folder."""

    @property
    def names(self) -> set[str]:
        """The names that it has in a folder that it shares with others."""
        return {file.path.partition("/")[0] for file in self.files}

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(file.size for file in self.files)

    def path_of(self, file: StoredFile) -> str:
        """Return the path of a file, relative to the download folder."""
        return f"{self.place}/{file.path}" if file.path else self.place


@dataclass(frozen=True)
class Where:
    """The wanted place of a torrent's files once it is complete."""

    folder: str = ""
    """Of the library; "" is the library itself."""
    name: str = ""
    """Of its file or folder, where it is not its own."""
    layout: str = "original"


class Layout:
    """The layouts of a torrent's files in the library."""

    ORIGINAL = "original"
    SUBFOLDER = "subfolder"
    FLAT = "flat"
    CHOICES = (
        (ORIGINAL, "as the torrent has them"),
        (SUBFOLDER, "always in a folder of their own"),
        (FLAT, "without the torrent's folder"),
    )


def name_for(original: str, wanted: str, is_file: bool) -> str:
    """Return the name that an owner gave, with the suffix that shows what a file is."""
    if not wanted:
        return original
    ending = PurePosixPath(original).suffix if is_file else ""
    return wanted if wanted.casefold().endswith(ending.casefold()) else f"{wanted}{ending}"
