"""What the reconciler is told and what it answers: wanted torrents, snapshots, log lines."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from downloads.library.record import Layout, Record
from downloads.library.selection import ALL, AS_IT_COMES, Choice, PieceOrder
from downloads.metainfo.magnet import Link
from downloads.rate_limits import UNLIMITED, Speed
from downloads.session.metadata import Metadata


@dataclass(frozen=True)
class EngineOptions:
    """Where data and state lie, and how much of the disk and of the line may be used."""

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
    """What is being done with a torrent; also the word that people read."""

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
    """A torrent that somebody wants now."""

    link: Link
    file: Path | None = None
    """A checked .torrent file, where one was uploaded."""
    rank: tuple[float, ...] = (0.0,)
    """Lower goes first."""
    forced: bool = False
    """Whether it starts however many download already."""
    owner: str = ""
    """Whose space it takes, where that is limited."""
    speed: Speed = UNLIMITED
    """Its own limits."""
    folder: str = ""
    """Of the library, where it appears once it is complete."""
    choices: tuple[Choice, ...] = (ALL,)
    """Which files its owners want."""
    hold: bool = False
    """Whether only its list of files is wanted for now."""
    order: PieceOrder = AS_IT_COMES
    seed: bool = False
    """Whether it is complete, and only to be uploaded."""
    uploaded: int = 0
    """Bytes that were uploaded before."""
    save_as: str = ""
    """The name of its file or folder, where it is not its own."""
    layout: str = Layout.ORIGINAL
    """How its files are to lie there."""
    announce: float = 0.0
    """When somebody last wanted peers to be asked for."""
    recheck: bool = False
    """Whether all that is on disk is to be verified."""
    token: str = ""
    """Changes when somebody asks anew, after a failure."""


@dataclass(frozen=True)
class Snapshot:
    """How a torrent stands, in values that fit a row."""

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
    """Bytes since it was added to the session; begins anew at 0 when it is added again."""
    sent: int = 0
    metadata: Metadata | None = field(default=None, repr=False)
    record: Record | None = field(default=None, repr=False)
    rechecked: bool = False
    uploaded: int = 0
    files_done: tuple[int, ...] | None = None
    """Bytes of each file by its number, where the owners want different files; none while the
    session does not tell."""
