"""Where web processes and the engine exchange messages about torrents."""

from pathlib import Path
from typing import Any

from django.conf import settings

from downloads.ipc.torrent_details import LINE, LINE_LASTS, DetailsMailbox


def state_folder() -> Path:
    """Return the folder in which the engine keeps its state."""
    return Path(settings.DATA_DIR) / "swarm"


def box() -> DetailsMailbox:
    """Return the mailbox by which pages and the engine exchange messages."""
    return DetailsMailbox(state_folder() / "watched")


def site_line() -> dict[str, Any] | None:
    """Return the rates of everything together and the free space; None while no engine runs."""
    return box().details(LINE, LINE_LASTS)
