"""Events of the session since the last read, as plain values.

libtorrent's alerts are pointers that die with the next `pop_alerts`; these are copies that last.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """An event of one torrent; `key` is the info hash by which it is known here."""

    key: str


@dataclass(frozen=True)
class Moved(Event):
    """Progress: bytes and rates of one torrent."""

    size: int
    done: int
    rate_down: int
    rate_up: int
    peers: int
    is_complete: bool
    has_stopped_writing: bool
    needs_saving: bool
    fetched: int = 0
    """Bytes of content since the torrent was added to the session, good or not."""
    sent: int = 0


@dataclass(frozen=True)
class MetadataArrived(Event):
    """The list of files of a magnet link came from a peer."""


@dataclass(frozen=True)
class Finished(Event):
    """The last piece was verified; its blocks may not be on disk yet."""


@dataclass(frozen=True)
class Flushed(Event):
    """All that was received is on disk."""


@dataclass(frozen=True)
class ResumeData(Event):
    """The answer to a request to save: the bytes, or None if there was nothing to save."""

    data: bytes | None
    file: bytes = b""
    """Its .torrent, where only the whole torrent tells all that belongs into one."""


@dataclass(frozen=True)
class Removed(Event):
    """The session has let go of the torrent."""


@dataclass(frozen=True)
class Failed(Event):
    """The torrent has stopped: the disk is full, or `reason` says why it cannot go on."""

    reason: str
    disk_full: bool = False


@dataclass(frozen=True)
class Conflict(Event):
    """Two links are the two hashes of one hybrid torrent."""

    other: str


@dataclass(frozen=True)
class TrackerSaid(Event):
    """A tracker's answer: the number of peers, why it refuses, or why it is not reached."""

    url: str
    peers: int = 0
    refusal: str = ""
    failure: str = ""


@dataclass(frozen=True)
class DhtSaid(Event):
    """The answer of the DHT to an announce."""

    peers: int


@dataclass(frozen=True)
class BadDescription(Event):
    """A peer sent a list of files that does not match the info hash."""


@dataclass(frozen=True)
class SessionMessage:
    """A message about the session as a whole, for the engine's own log."""

    text: str
    level: str = "info"


@dataclass(frozen=True)
class DhtReady(SessionMessage):
    """The DHT has nodes now; an announce before this asked nobody."""


@dataclass(frozen=True)
class PeerView:
    """Numbers of peers: connected, having what is missing, and sending it now."""

    connected: int
    useful: int
    sending: int
