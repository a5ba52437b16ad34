"""Untrusted names, made safe for a page, a log and a folder."""

import unicodedata
from pathlib import PurePosixPath

TORRENTS, LISTS = {".torrent"}, {".magnet", ".txt"}  # of the files in a watch folder
MAX_NAME = 200
_MAX_BYTES = 230  # most file systems take 255; " (2)" must still fit behind


def display_name(text: str, longest: int = MAX_NAME) -> str:
    """Return the last part of the name, without control or direction characters."""
    text = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = (" " if c.isspace() else c for c in text[: 4 * longest])
    # Cc control, Cf format (bidi overrides, zero width), Cs lone surrogates, Co private, Cn none
    line = "".join(c for c in kept if not unicodedata.category(c).startswith("C"))
    line = " ".join(line.split())[:longest].strip()
    return "" if line.strip(".") == "" else line


def file_name(text: str, otherwise: str) -> str:
    """Return the name as that of a file or folder directly under the library, never hidden."""
    name = display_name(text, longest=1000).lstrip(".").strip()
    while len(name.encode()) > _MAX_BYTES:
        stem, dot, suffix = name.rpartition(".")
        # Shorten the stem, so that a film stays a film for the program that opens it.
        short_suffix = dot and stem and len(suffix) <= 10
        name = f"{stem[:-1]}.{suffix}" if short_suffix else name[:-1]
    return name or otherwise


def is_watched(name: str) -> bool:
    """Return whether a file in a watch folder is to be added, by its name."""
    return PurePosixPath(name).suffix.lower() in TORRENTS | LISTS
