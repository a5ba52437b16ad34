"""How a request for bytes of an unfinished file reaches the engine, and its answer the request.

`<info hash>.<file>.<offset>.want` is touched for as long as somebody waits; the engine has the
pieces from there on fetched first, and writes `….here` once the first of them is on disk.
"""

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from jobsite.jobs.files import write_atomically

LASTS = 30.0
MOST = 16  # requests that are answered at a time


@dataclass(frozen=True)
class Wish:
    """Bytes of one file of a torrent, from an offset on."""

    key: str
    index: int
    offset: int

    @property
    def name(self) -> str:
        """How the files of this wish are called."""
        return f"{self.key}.{self.index}.{self.offset}"


@dataclass(frozen=True)
class Here:
    """Bytes that can be read now: the file relative to the download folder, and where they end."""

    path: str
    until: int


class StreamBox:
    """The folder in which wishes and answers lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    # --- the request's side ---

    def ask(self, wish: Wish) -> None:
        """Somebody waits for these bytes now."""
        with contextlib.suppress(OSError):  # a full disk: then the wait ends without an answer
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            (self._folder / f"{wish.name}.want").touch()

    def answer(self, wish: Wish) -> Here | None:
        """What the engine says; taken away by being read."""
        path = self._folder / f"{wish.name}.here"
        try:
            here = Here(**json.loads(path.read_bytes()))
            path.unlink(missing_ok=True)
        except (OSError, ValueError, TypeError):
            return None
        return here

    def withdraw(self, wish: Wish) -> None:
        """Nobody waits any more."""
        with contextlib.suppress(OSError):
            (self._folder / f"{wish.name}.want").unlink(missing_ok=True)

    # --- the engine's side ---

    def wishes(self) -> list[Wish]:
        """All that somebody waits for, the newest first."""
        now, found = time.time(), []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    age = now - entry.stat().st_mtime
                    if age > LASTS:
                        Path(entry.path).unlink(missing_ok=True)
                    elif entry.name.endswith(".want"):
                        key, index, offset, _ = entry.name.split(".")
                        found.append((age, Wish(key, int(index), int(offset))))
        except (OSError, ValueError):
            pass
        return [wish for _, wish in sorted(found, key=lambda one: one[0])[:MOST]]

    def tell(self, wish: Wish, here: Here) -> None:
        """Answer one wish."""
        with contextlib.suppress(OSError):
            data = json.dumps(asdict(here)).encode()
            write_atomically(self._folder / f"{wish.name}.here", data)
            self.withdraw(wish)
