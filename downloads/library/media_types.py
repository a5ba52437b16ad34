"""Files that browsers play, and the types under which they may be served in place."""

import mimetypes
from pathlib import Path

# What browsers play. Everything else is a download, whatever it calls itself.
PLAYED = {
    "video/mp4",
    "video/webm",
    "video/ogg",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/webm",
    "audio/flac",
    "audio/wav",
    "audio/aac",
}
_TYPES = {
    ".mkv": "video/webm",  # what Chromium and Firefox play of it, they play under this name
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".m4a": "audio/mp4",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}


def played_as(name: str) -> str:
    """Return the type under which browsers play a file of this name, or "" if they cannot."""
    guess = _TYPES.get(Path(name).suffix.lower()) or mimetypes.guess_type(name)[0] or ""
    return guess if guess in PLAYED else ""
