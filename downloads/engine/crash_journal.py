"""The crash journal: which torrents were being handled when the engine died.

It keeps one torrent from stopping all others. A torrent is in the journal from the moment that the
engine starts to handle it until it has run without trouble for `STABLE_AFTER` seconds. What is
still in the journal at the next start was active when the engine died. After `TRIED_ALONE_AFTER`
such deaths in a row a torrent is tried alone; after `GIVEN_UP_AFTER` it is given up.

The file is not synced to disk: it survives the process, and a crash of the machine is no torrent's
fault.
"""

import contextlib
import json
import os
from collections.abc import Container
from pathlib import Path

TRIED_ALONE_AFTER = 2
GIVEN_UP_AFTER = 3
STABLE_AFTER = 2.0

POISON = (
    "The download engine died {deaths} times while it worked on this torrent, so it was given up "
    "and the others go on. Report it with the log; retry once the program has been renewed."
)


_KEY = 64  # bytes at the head of the file: the key of the torrent that is being handled right now


class Journal:
    """The torrents that are being handled, and how often the engine died during that."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh: dict[str, float] = {}
        self._deaths = _deaths(path)
        self._file = path.open("wb")
        self.handle("")
        self._write()

    def handle(self, key: str) -> None:
        """Record that this torrent is being handled now; an empty key ends that."""
        with contextlib.suppress(OSError):
            os.pwrite(self._file.fileno(), key.encode().ljust(_KEY), 0)

    def begin(self, key: str, now: float) -> None:
        """Record a torrent that is added to the session or whose data is checked.

        It stays active until `end` is called or it is old enough for `forget_old`.
        """
        self._fresh[key] = now
        self._write()

    def end(self, key: str) -> None:
        """Clear a torrent that ran without trouble or is gone: later crashes are not its fault."""
        if key in self._fresh or key in self._deaths:
            self._fresh.pop(key, None)
            self._deaths.pop(key, None)
            self._write()

    def forget_old(self, now: float, busy: Container[str]) -> None:
        """End those that ran for `STABLE_AFTER` seconds without trouble, but for the `busy`."""
        for key, since in list(self._fresh.items()):
            if now - since >= STABLE_AFTER and key not in busy:
                self.end(key)

    def deaths(self, key: str) -> int:
        """Return how many times in a row the engine died while this torrent was being handled."""
        return self._deaths.get(key, 0)

    def may_begin(self, key: str) -> bool:
        """Return whether the torrent may be handled now: a suspect is tried alone."""
        if self.deaths(key) < TRIED_ALONE_AFTER:
            return True
        return all(one == key or self.deaths(one) < TRIED_ALONE_AFTER for one in self._fresh)

    def close(self) -> None:
        """Delete the file: after a clean stop no torrent is suspect."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        text = json.dumps({"in_hand": [*self._fresh], "deaths": self._deaths}) + "\n"
        with contextlib.suppress(OSError):  # on a full disk the rest goes on without it
            os.pwrite(self._file.fileno(), text.encode(), _KEY)


def _deaths(path: Path) -> dict[str, int]:
    """Read the counted deaths and add one for each torrent that was active at the last crash.

    Returns an empty dictionary if the file is missing or damaged.
    """
    try:
        text = path.read_bytes()
        # The rest of an older, longer text may follow this line; it is not read.
        fields = json.loads(text[_KEY:].partition(b"\n")[0])
        before = {str(key): int(count) for key, count in fields["deaths"].items()}
        in_hand = {str(key) for key in fields["in_hand"]} | {text[:_KEY].decode().strip()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return before | {key: before.get(key, 0) + 1 for key in in_hand if key}
