"""How a request for bytes of an unfinished file reaches the engine, and its answer the request.

The engine has the pieces from the asked offset on fetched first, and answers once the first of them
is on disk.
"""

from dataclasses import asdict, dataclass
from typing import ClassVar

from downloads.ipc.mailbox import Mailbox


@dataclass(frozen=True)
class ByteRange:
    """Bytes of one file of a torrent, from an offset on."""

    key: str
    index: int
    offset: int

    @property
    def name(self) -> str:
        """The stem of the files of this request."""
        return f"{self.key}.{self.index}.{self.offset}"


@dataclass(frozen=True)
class Available:
    """Bytes that can be read now: the file relative to the download folder, and where they end."""

    path: str
    until: int


class StreamMailbox(Mailbox):
    """Requests that wait and what can be read for them."""

    ASKED: ClassVar[str] = "want"
    ANSWERED: ClassVar[str] = "here"
    LASTS: ClassVar[float] = 30.0
    KEPT: ClassVar[float] = 30.0
    MOST: ClassVar[int] = 16

    # --- the request's side ---

    def ask(self, wanted: ByteRange) -> None:
        """Ask for bytes, or go on asking."""
        self._ask(wanted.name)

    def answer(self, wanted: ByteRange) -> Available | None:
        """Return what the engine has answered, and remove the answer; None if there is none."""
        found = self._answered(wanted.name, self.KEPT, take=True)
        try:
            return Available(**found) if found else None
        except TypeError:
            return None

    def withdraw(self, wanted: ByteRange) -> None:
        self._withdraw(wanted.name)

    # --- the engine's side ---

    def requests(self) -> list[ByteRange]:
        """Return all that somebody waits for, the newest first."""
        return [found for name in self._asked() if (found := parsed(name))]

    def publish(self, wanted: ByteRange, available: Available) -> None:
        self._answer(wanted.name, asdict(available))
        self._withdraw(wanted.name)


def parsed(name: str) -> ByteRange | None:
    """Return the request that a file's stem names; None if it is none."""
    try:
        key, index, offset = name.split(".")
        return ByteRange(key, int(index), int(offset))
    except ValueError:
        return None
