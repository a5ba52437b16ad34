"""The reconciler's input and output: wanted torrents, snapshots, log lines."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from downloads.engine.peer_sources import TrackerAnswer
from downloads.library.record import Layout, Record
from downloads.library.selection import ALL, AS_IT_COMES, Choice, PieceOrder
from downloads.metainfo.magnet import Link
from downloads.rate_limits import UNLIMITED, Speed
from downloads.session.metadata import Metadata


@dataclass(frozen=True)
class EngineOptions:
    """Folders of data and state, the number of downloads at once, and the bytes to keep free."""

    downloads: Path
    state: Path
    active: int = 20
    floor: int = 0


@dataclass(frozen=True)
class LogLine:
    """A line for the log of one torrent."""

    key: str
    text: str
    level: str = "info"


class Phase(StrEnum):
    """The phase of a torrent in the engine; the value is also the word shown to people."""

    METADATA = "metadata"
    QUEUED = "queued"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    FINISHING = "finishing"
    LEAVING = "leaving"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARKED = "parked"
    HELD = "held"
    SEEDING = "seeding"


TERMINAL = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.PARKED, Phase.HELD})


@dataclass(frozen=True)
class Wanted:
    """A torrent that at least one owner wants now."""

    link: Link
    file: Path | None = None
    """A checked .torrent file, if one was uploaded."""
    rank: tuple[float, ...] = (0.0,)
    """Position in the queue: lower goes first."""
    forced: bool = False
    """Whether it starts regardless of the number of active downloads."""
    owner: str = ""
    """The owner whose space it takes, if that owner has a limit."""
    speed: Speed = UNLIMITED
    """Its own limits, in bytes per second."""
    folder: str = ""
    """The folder of the library in which it is placed once it is complete."""
    choices: tuple[Choice, ...] = (ALL,)
    """The files that each of its owners wants."""
    hold: bool = False
    """Whether only its list of files is wanted for now."""
    order: PieceOrder = AS_IT_COMES
    seed: bool = False
    """Whether it is complete and only to be uploaded."""
    uploaded: int = 0
    """Bytes uploaded before it was added to the session."""
    save_as: str = ""
    """The name of its file or folder, if it differs from the torrent's own."""
    layout: str = Layout.ORIGINAL
    """The layout of its files in the library."""
    announce: float = 0.0
    """When somebody last asked for an announce to find peers, as a Unix time in seconds."""
    recheck: bool = False
    """Whether everything on disk is to be verified."""
    token: str = ""
    """A text that changes when somebody retries after a failure."""


@dataclass(frozen=True)
class Snapshot:
    """The state of a torrent, in values that fit a database row.

    Sizes are in bytes, rates in bytes per second, `eta` in seconds.
    """

    key: str
    phase: Phase
    state: str
    reason: str = ""
    size: int | None = None
    done: int = 0
    rate_down: int = 0
    rate_up: int = 0
    peers: int = 0
    eta: int | None = None
    fetched: int = 0
    """Bytes since it was added to the session; restarts at 0 when it is added again."""
    sent: int = 0
    metadata: Metadata | None = field(default=None, repr=False)
    record: Record | None = field(default=None, repr=False)
    rechecked: bool = False
    uploaded: int = 0
    trackers: tuple[tuple[str, TrackerAnswer], ...] = field(default=(), repr=False)
    """The last answers of its trackers, by URL."""
    files_done: tuple[int, ...] | None = None
    """Bytes done of each file, by its number, if the owners want different files; else None.

    Empty while the session has not reported them.
    """
