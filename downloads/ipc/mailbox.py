"""A folder of small files through which a page asks the engine for something, and is answered.

`NAME.<asked>` is touched for as long as somebody waits, `NAME.<answered>` holds the answer as JSON.
Files, because a page that is only read must write no row. Nothing in here outlives its use, so
nothing is made durable, and a full disk only means that there is no answer.
"""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any, ClassVar

from jobsite.jobs.storage.files import write_atomically


class Mailbox:
    """The folder, for both sides; a subclass names its files and says how long they last."""

    ASKED: ClassVar[str]
    """Suffix of a question."""
    ANSWERED: ClassVar[str]
    """Suffix of an answer."""
    LASTS: ClassVar[float]
    """Seconds that a question stands after it was asked last."""
    KEPT: ClassVar[float]
    """Seconds after which files are removed."""
    MOST: ClassVar[int]
    """Questions that are answered at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _ask(self, name: str) -> None:
        """Ask, or go on asking."""
        with contextlib.suppress(OSError):
            self._make_folder()
            self._path(name, self.ASKED).touch()

    def _withdraw(self, name: str) -> None:
        with contextlib.suppress(OSError):
            self._path(name, self.ASKED).unlink(missing_ok=True)

    def _asked(self) -> list[str]:
        """Return the names of the questions that stand, those asked last first."""
        now, standing = time.time(), []
        for entry in self._entries():
            with contextlib.suppress(OSError):
                age = now - entry.stat().st_mtime
                if age > self.KEPT:
                    Path(entry.path).unlink(missing_ok=True)
                elif age <= self.LASTS and entry.name.endswith(f".{self.ASKED}"):
                    standing.append((age, entry.name.removesuffix(f".{self.ASKED}")))
        return [name for _, name in sorted(standing)[: self.MOST]]

    def _answer(self, name: str, answer: dict[str, Any]) -> None:
        """Write the answer to a question."""
        with contextlib.suppress(OSError):
            self._make_folder()
            write_atomically(self._path(name, self.ANSWERED), json.dumps(answer).encode())

    def _answered(self, name: str, within: float, *, take: bool = False) -> dict[str, Any] | None:
        """Return the answer if it is at most `within` seconds old; `take` removes it."""
        path = self._path(name, self.ANSWERED)
        try:
            if time.time() - path.stat().st_mtime > within:
                return None
            answer = json.loads(path.read_bytes())
            if take:
                path.unlink(missing_ok=True)
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}.{suffix}"

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                return list(entries)
        except OSError:
            return []
