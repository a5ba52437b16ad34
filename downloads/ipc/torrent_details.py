"""How a page asks the engine for a close look at one torrent, and how the engine answers.

Through small files, because a look must write no row, and costs something only while somebody
looks: a page touches `<info hash>.asked`, the engine writes `<info hash>.json` for as long as that
is fresh. Nothing here outlives its use: the answers are not made durable.
"""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from jobsite.jobs.files import write_atomically

LASTS = 12.0  # seconds that a page may be silent and is still taken to be open
FORGOTTEN_AFTER = 3600.0
MOST = 8  # torrents that are looked at closely at a time


class LookBox:
    """The folder in which questions and answers lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # --- the page's side ---

    def ask(self, key: str) -> None:
        """Somebody looks at this torrent now."""
        with contextlib.suppress(OSError):  # a full disk must not take the page along
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            (self._folder / f"{key}.asked").touch()

    def told(self, key: str, lasts: float = LASTS) -> dict[str, Any] | None:
        """The engine's last answer about it; None where there is no fresh one."""
        try:
            path = self._folder / f"{key}.json"
            if time.time() - path.stat().st_mtime > lasts:
                return None
            answer = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    # --- the engine's side ---

    def asked(self) -> list[str]:
        """The torrents that somebody looks at now, those asked for last first."""
        now, fresh = time.time(), []
        for entry in self._entries():
            with contextlib.suppress(OSError):
                age = now - entry.stat().st_mtime
                if age > FORGOTTEN_AFTER:
                    Path(entry.path).unlink()
                elif age < LASTS and entry.name.endswith(".asked"):
                    fresh.append((age, entry.name.removesuffix(".asked")))
        return [key for _, key in sorted(fresh)[:MOST]]

    def tell(self, key: str, answer: dict[str, Any]) -> None:
        """Answer whoever looks."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            write_atomically(self._folder / f"{key}.json", json.dumps(answer).encode())

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                return list(entries)
        except OSError:
            return []
