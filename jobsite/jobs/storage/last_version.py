"""The version that worked on the data folder last, kept in it."""

from pathlib import Path

from django.conf import settings

from jobsite.jobs.storage.files import write_atomically


def version_file() -> Path:
    """Return the file that holds the version."""
    return Path(settings.DATA_DIR) / "version"


def last_version() -> str:
    """Return the version that worked here last; empty if none has, or one before 1.0."""
    try:
        return version_file().read_text().strip()
    except OSError:
        return ""


def record_version() -> None:
    """Note that this version works on the data folder now."""
    if last_version() != settings.VERSION:
        write_atomically(version_file(), f"{settings.VERSION}\n".encode(), durable=True)
