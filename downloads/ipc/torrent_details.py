"""How a page asks the engine for the details of one torrent: peers, trackers, pieces, files."""

from typing import Any, ClassVar

from downloads.ipc.mailbox import Mailbox

LASTS = 12.0  # seconds that a page may be silent and is still taken to be open
LINE, LINE_LASTS = "site", 20.0
"""The name of what is told about all torrents together, and for how many seconds it holds."""
MOST = 8  # torrents of which details are collected at a time: each asks the session


class DetailsMailbox(Mailbox):
    """Questions and answers by info hash; the engine writes anew while somebody asks."""

    ASKED: ClassVar[str] = "asked"
    ANSWERED: ClassVar[str] = "json"
    LASTS: ClassVar[float] = LASTS
    KEPT: ClassVar[float] = 3600.0
    MOST: ClassVar[int] = MOST

    # --- the page's side ---

    def ask(self, key: str) -> None:
        """Ask for the details of a torrent, or go on asking."""
        self._ask(key)

    def details(self, key: str, lasts: float = LASTS) -> dict[str, Any] | None:
        """Return the engine's last answer; None if it is older than `lasts` seconds."""
        return self._answered(key, lasts)

    # --- the engine's side ---

    def asked(self) -> list[str]:
        """Return the info hashes that pages show now, those asked for last first."""
        return self._asked()

    def publish(self, key: str, details: dict[str, Any]) -> None:
        """Write the details for whoever asks."""
        self._answer(key, details)
