"""Who was being handled when the engine died, so that one torrent cannot keep all others down.

A torrent stands in the journal from the moment something is done with it until it has run quietly
for a moment. What still stands there at the next start was in hand when the engine died. After
two such deaths in a row it is tried on its own; after the third it is given up.

The file is not made durable: it outlives the process, and a machine that dies blames nobody.
"""

import contextlib
import json
import os
from collections.abc import Container
from pathlib import Path

TRIED_ALONE_AFTER = 2
GIVEN_UP_AFTER = 3
SETTLED_AFTER = 2.0

POISON = (
    "The download engine died {deaths} times while it worked on this torrent, so it was given up "
    "and the others go on. Report it with the log; retry once the program has been renewed."
)


_KEY = 64  # bytes at the head of the file: the torrent that something is done with right now


class Journal:
    """The torrents in hand, and how often each was in hand when the engine died."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh: dict[str, float] = {}
        self._deaths = _deaths(path)
        self._file = path.open("wb")
        self.handle("")
        self._write()

    def handle(self, key: str) -> None:
        """Something is done with this torrent now; with an empty key, that is over."""
        with contextlib.suppress(OSError):
            os.pwrite(self._file.fileno(), key.encode().ljust(_KEY), 0)

    def begin(self, key: str, now: float) -> None:
        """A torrent goes into the session, or its data is looked at: it is in hand for a while."""
        self._fresh[key] = now
        self._write()

    def end(self, key: str) -> None:
        """The torrent has run quietly, or is gone: it is not to blame for what comes now."""
        if key in self._fresh or key in self._deaths:
            self._fresh.pop(key, None)
            self._deaths.pop(key, None)
            self._write()

    def forget_old(self, now: float, busy: Container[str]) -> None:
        """Settle those that have run quietly for long enough."""
        for key, since in list(self._fresh.items()):
            if now - since >= SETTLED_AFTER and key not in busy:
                self.end(key)

    def deaths(self, key: str) -> int:
        """How many times in a row the engine died with this torrent in hand."""
        return self._deaths.get(key, 0)

    def may_begin(self, key: str) -> bool:
        """Whether it may be taken in hand now: a suspect is tried on its own."""
        if self.deaths(key) < TRIED_ALONE_AFTER:
            return True
        return all(one == key or self.deaths(one) < TRIED_ALONE_AFTER for one in self._fresh)

    def close(self) -> None:
        """A clean end blames nobody."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        text = json.dumps({"in_hand": [*self._fresh], "deaths": self._deaths}) + "\n"
        with contextlib.suppress(OSError):  # a full disk must not stop what goes on without it
            os.pwrite(self._file.fileno(), text.encode(), _KEY)


def _deaths(path: Path) -> dict[str, int]:
    """The deaths counted so far, and one more for each torrent that was in hand at the last."""
    try:
        text = path.read_bytes()
        # What a longer text before it has left behind this one is not read.
        fields = json.loads(text[_KEY:].partition(b"\n")[0])
        before = {str(key): int(count) for key, count in fields["deaths"].items()}
        in_hand = {str(key) for key in fields["in_hand"]} | {text[:_KEY].decode().strip()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return before | {key: before.get(key, 0) + 1 for key in in_hand if key}
