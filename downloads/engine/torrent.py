"""One torrent as the reconciler sees it: what is wanted, its progress, and why it stalls."""

from dataclasses import dataclass, field

from downloads.engine import stall_reasons
from downloads.engine.interface import TERMINAL, Phase, Snapshot, Wanted
from downloads.engine.peer_sources import PeerSources
from downloads.library.record import Record, StoredFile, Where
from downloads.library.selection import AS_IT_COMES, NORMAL, together
from downloads.session.metadata import Metadata

QUIET_AFTER = 10.0
STALLED_AFTER = 60.0
MOST_UNEVEN = 10_000  # files; beyond, counting each of them every second costs too much


@dataclass
class Torrent:
    """The reconciler's record of one torrent. Times are those of a steady clock."""

    key: str
    wanted: Wanted | None
    phase: Phase
    order: float
    metadata: Metadata | None = None
    record: Record | None = None
    priorities: dict[int, int] = field(default_factory=dict, repr=False)
    """Of each file, once the files are known."""
    chosen: tuple[StoredFile, ...] = field(default=(), repr=False)
    """The files that are wanted."""
    size: int | None = None
    """Bytes of the files that are wanted; None while the files are not known."""
    rechecked: bool = False
    is_searched: bool = False
    """Whether its files were looked for in the library."""
    is_adopting: bool = False
    """Whether those that were found there are checked now."""
    reason: str = ""
    done: int = 0
    rate_down: int = 0
    rate_up: int = 0
    peers: int = 0
    fetched: int = 0
    sent: int = 0
    uploaded: int = 0
    uploaded_before: int = 0
    """Before it went into the session."""
    files_done: tuple[int, ...] = field(default=(), repr=False)
    """Of one that `is_uneven`."""
    sources: PeerSources = field(default_factory=PeerSources)
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
    # while somebody plays it
    flushes_due: int = 0
    pieces_at_flush: list[bool] = field(default_factory=list)
    pieces_on_disk: list[bool] = field(default_factory=list)
    plays_from: int = -1
    plays_until: int = -1
    looked_at: float = 0.0
    """When the files of a seed were last seen."""
    # when bytes came last
    moved_at: float = 0.0

    @property
    def remaining(self) -> int:
        """The bytes still to come, as far as they are known."""
        return max(0, (self.size or 0) - self.done) if self.metadata else 0

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """The files of the torrent, as far as they are known."""
        known = self.metadata or self.record
        return known.files if known else ()

    @property
    def where(self) -> Where:
        """The place in the library that its owners want."""
        wanted = self.wanted
        return Where(wanted.folder, wanted.save_as, wanted.layout) if wanted else Where()

    @property
    def is_picky(self) -> bool:
        """Whether files differ in priority, or some pieces come before others."""
        has_order = self.wanted is not None and self.wanted.order != AS_IT_COMES
        return has_order or any(one != NORMAL for one in self.priorities.values())

    @property
    def is_uneven(self) -> bool:
        """Whether its owners want different files, so that each has a place of their own."""
        choices = self.wanted.choices if self.wanted else ()
        differ = any(one != choices[0] for one in choices[1:])
        return differ and len(self.files) <= MOST_UNEVEN

    @property
    def is_whole(self) -> bool:
        """Whether everything that is wanted lies in the library."""
        there = {file.index for file in self.record.files} if self.record else set()
        return bool(there) and all(file.index in there for file in self.chosen)

    @property
    def placed(self) -> int:
        """The bytes of the wanted files that lie in the library already."""
        there = {file.index for file in self.record.files} if self.record else set()
        return sum(file.size for file in self.chosen if file.index in there)

    def begins_anew(self, new: Wanted) -> bool:
        """Return whether it is let go and taken in once more for what is wanted now.

        A seed stays in the swarm for everything that can be changed there.
        """
        if self.phase is Phase.SEEDING:
            return not new.seed and (new.recheck or not self._has_all_of(new))
        changed = self.wanted is not None and new.token != self.wanted.token
        return self.is_over and changed

    def _has_all_of(self, new: Wanted) -> bool:
        chosen = together(new.choices, self.files)
        there = {file.index for file in self.record.files} if self.record else set()
        return all(index in there for index, priority in chosen.items() if priority)

    @property
    def is_over(self) -> bool:
        """Whether nothing is asked of the network for it."""
        return self.phase in TERMINAL

    def choose(self) -> None:
        """Determine which files are wanted; cached, because a torrent may have 100,000 of them."""
        if self.wanted is not None:
            self.priorities = together(self.wanted.choices, self.files)
            self.chosen = tuple(file for file in self.files if self.priorities[file.index])
            self.size = sum(file.size for file in self.chosen) if self.files else None

    def stand_still(self) -> None:
        self.rate_down = self.rate_up = self.peers = 0

    def stop_playing(self) -> None:
        """Reset flushes and deadlines: the torrent is out of the session."""
        self.flushes_due, self.plays_from, self.plays_until = 0, -1, -1
        self.pieces_at_flush, self.pieces_on_disk = [], []

    def is_slow(self, now: float) -> bool:
        """Return whether it downloads, but has received nothing for a while."""
        return self.phase is Phase.DOWNLOADING and now - self.moved_at > STALLED_AFTER

    def is_quiet(self, now: float) -> bool:
        """Return whether it has received nothing for long enough to need an explanation."""
        return self.phase is Phase.DOWNLOADING and now - self.moved_at >= QUIET_AFTER

    def snapshot(self, now: float) -> Snapshot:
        """Return the state that rows and pages see."""
        size = self.size
        # The session's rate is a mean that fades for a minute after the last byte.
        rate_down = 0 if self.is_quiet(now) else self.rate_down
        return Snapshot(
            key=self.key,
            phase=self.phase,
            state="stalled" if self.is_slow(now) else self.phase.value,
            reason=self.explain(now),
            size=size,
            done=min(self.done, size) if size else self.done,
            rate_down=rate_down,
            rate_up=self.rate_up,
            peers=self.peers,
            fetched=self.fetched,
            sent=self.sent,
            eta=-(-self.remaining // rate_down) if size and rate_down else None,
            metadata=self.metadata,
            record=self.record,
            rechecked=self.rechecked,
            uploaded=self.uploaded,
            trackers=tuple(self.sources.answers.items()),
            files_done=self.files_done if self.is_uneven else None,
        )

    def explain(self, now: float) -> str:
        """Return why it makes no progress, as a sentence; empty if it does."""
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
        asking_for = None if self.asking_since is None else now - self.asking_since
        rest = self.not_before - now
        return stall_reasons.of_metadata(self.sources, self.peers, self.tries, asking_for, rest)

    def _explain_silence(self, now: float) -> str:
        if not self.is_quiet(now):
            return ""
        since = stall_reasons.clock_at(self.moved_at, now)
        return stall_reasons.of_silence(self.sources, self.peers, since)
