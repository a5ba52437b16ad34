"""The hold of a restored copy: nothing runs, and nothing is sent, until an administrator says so.

A backup is also restored to look at it, or to try a new version. Such a copy must not send the
notifications of the real site a second time, run its programs or fetch its torrents.
"""

from pathlib import Path

from django.conf import settings


def hold_file() -> Path:
    """Return the file whose presence holds the site."""
    return Path(settings.DATA_DIR) / "held"


def is_held() -> bool:
    """Return whether the site is held."""
    return hold_file().exists()


def hold() -> None:
    """Hold the site until `release`."""
    hold_file().touch(mode=0o600)


def release() -> bool:
    """Let the site work; return whether it was held."""
    was_held = is_held()
    hold_file().unlink(missing_ok=True)
    return was_held
