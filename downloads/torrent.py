"""One torrent as the reconciler sees it: what is wanted, how far it is, and why it stands still."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .library import Record
from .links import Link
from .metadata import Metadata
from .speeds import UNLIMITED, Speed

QUIET_AFTER = 10.0
STALLED_AFTER = 60.0


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


TERMINAL = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.PARKED})


@dataclass(frozen=True)
class Wanted:
    """A torrent that somebody wants now."""

    link: Link
    file: Path | None = None
    """A checked .torrent file, where one was uploaded."""
    rank: tuple[float, ...] = (0.0,)
    """Lower goes first."""
    owner: str = ""
    """Whose space it takes, where that is limited."""
    speed: Speed = UNLIMITED
    """Its own limits."""
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
    metadata: Metadata | None = field(default=None, repr=False)
    record: Record | None = field(default=None, repr=False)


@dataclass
class Torrent:
    """The reconciler's notes on one torrent. Times are those of a steady clock."""

    key: str
    wanted: Wanted | None
    phase: Phase
    order: float
    metadata: Metadata | None = None
    record: Record | None = None
    reason: str = ""
    done: int = 0
    rate_down: int = 0
    rate_up: int = 0
    peers: int = 0
    tracker: str = ""
    # turns to ask for metadata
    tries: int = 0
    in_vain: int = 0
    """Whole turns that found nobody."""
    asking_since: float | None = None
    not_before: float = 0.0
    # resume data
    needs_saving: bool = False
    save_asked: bool = False
    is_going: bool = False
    """Whether it is taken out of the session once it has been saved."""
    saved_at: float = 0.0
    saved_done: int = 0
    # when bytes came last
    moved_at: float = 0.0

    @property
    def remaining(self) -> int:
        """Bytes still to come, as far as is known."""
        return max(0, self.metadata.size - self.done) if self.metadata else 0

    def stand_still(self) -> None:
        """Nothing flows."""
        self.rate_down = self.rate_up = self.peers = 0

    def is_slow(self, now: float) -> bool:
        """Whether it downloads, but nothing has come for a while."""
        return self.phase is Phase.DOWNLOADING and now - self.moved_at > STALLED_AFTER

    def snapshot(self, now: float) -> Snapshot:
        """How it stands now."""
        size = self.metadata.size if self.metadata else self.record.size if self.record else None
        return Snapshot(
            key=self.key,
            phase=self.phase,
            state="stalled" if self.is_slow(now) else self.phase.value,
            reason=self.explain(now),
            size=size,
            done=min(self.done, size) if size else self.done,
            rate_down=self.rate_down,
            rate_up=self.rate_up,
            peers=self.peers,
            eta=-(-self.remaining // self.rate_down) if size and self.rate_down else None,
            metadata=self.metadata,
            record=self.record,
        )

    def explain(self, now: float) -> str:
        """Why it does not move, in words; empty where it does."""
        if self.phase is Phase.METADATA:
            return self._explain_metadata(now)
        if self.phase is Phase.CHECKING:
            return "Checking what is on disk already."
        if self.phase is Phase.FINISHING:
            return "Writing the last blocks to disk."
        if self.phase is Phase.DOWNLOADING:
            return self._explain_silence(now)
        return self.reason

    def _explain_metadata(self, now: float) -> str:
        if self.asking_since is None:
            again = f" {_tries(self.tries)} so far found nobody." if self.tries else ""
            wait = self.not_before - now
            when = f" in {_roughly(wait)}" if wait > 0 else ""
            return f"Waiting for its turn to ask for the list of files{when}.{again}"
        since = _roughly(now - self.asking_since)
        who = f"{self.peers} peers" if self.peers else "no peer found yet"
        said = f" Tracker: {self.tracker}" if self.tracker else ""
        return f"Asking for the list of files: {who}, try {self.tries}, {since}.{said}"

    def _explain_silence(self, now: float) -> str:
        if self.rate_down or now - self.moved_at < QUIET_AFTER:
            return ""
        since = _roughly(now - self.moved_at)
        said = f" Tracker: {self.tracker}" if self.tracker else ""
        if not self.peers:
            return f"No peer has been found for {since}; asking goes on.{said}"
        return f"Connected to {self.peers} peers, but none has sent anything for {since}.{said}"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _roughly(seconds: float) -> str:
    """A duration that changes seldom, so that a row at rest is not written each second."""
    if seconds < 30:
        return "some seconds"
    if seconds < 60:
        return "half a minute"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    return f"{int(seconds // 3600)} h"
