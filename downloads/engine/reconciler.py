"""The reconciler: brings the session to the wanted state, and reports what changed.

It knows no rows: `want` takes what is wanted now, `tick` returns snapshots of what changed. One
thread calls both, in the process that made it.
"""

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from downloads.engine import periodic
from downloads.engine.adding import collect_checks, prefer, seed
from downloads.engine.completing import collect_publications, succeed
from downloads.engine.event_handlers import handle
from downloads.engine.interface import EngineOptions, LogLine, Phase, Snapshot, Wanted
from downloads.engine.state import EngineState
from downloads.engine.streaming import serve
from downloads.engine.torrent import Torrent
from downloads.ipc import rate_history
from downloads.ipc.stream_requests import Available, ByteRange
from downloads.library.record import Record
from downloads.rate_limits import Speeds
from downloads.session.block_list import Range
from downloads.session.metadata import BadMetadata, bytes_had, describe
from downloads.session.settings import Options

WORK_EVERY = 0.5
# Once nothing has changed for a while, the cost of a round for each of hundreds counts more.
CALM_AFTER, CALM_WORK_EVERY = 5.0, 2.0
REPORT_ALL_EVERY = 2.0
STATE_EVERY = 300.0
OUTLET_EVERY = 0.5
TAKEN_AT_ONCE = 50
SOON = 0.05  # seconds; what threads have done is told by no event


class Reconciler:
    """All torrents of this host, in one session."""

    def __init__(self, session_options: Options, options: EngineOptions) -> None:
        self._engine = EngineState(session_options, options)
        self._torrents = self._engine.torrents
        self._inbox: deque[Torrent] = deque()
        self._reported: dict[str, Snapshot] = {}
        self._work_due = self._report_all_due = self._changed_at = self._outlet_due = 0.0
        self._state_at = time.monotonic() + STATE_EVERY

    @property
    def port(self) -> int:
        """The port on which peers are accepted."""
        return self._engine.session.port

    @property
    def cut_off(self) -> str:
        """Why nothing is sent now, as a sentence; empty if nothing is in the way."""
        return self._engine.cut_off

    def listen_on(self, port: int) -> None:
        """Accept peers on another port."""
        self._engine.session.listen_on(port)

    def block(self, ranges: Iterable[Range], banned: Iterable[str]) -> None:
        """Contact no address of these ranges, and no banned peer."""
        self._engine.session.block(ranges, banned)

    def holds(self, key: str) -> bool:
        """Return whether files of the torrent are open or work on it is under way."""
        return key in self._torrents

    def standing(self) -> Mapping[str, Snapshot]:
        """Return the last reported snapshot of each torrent."""
        return self._reported

    def details_of(self, key: str) -> dict[str, Any] | None:
        """Return a torrent's peers, trackers and pieces; None if it is not in the session."""
        session = self._engine.session
        if not session.has(key) or session.is_leaving(key):
            return None
        return session.details_of(key)

    def serve(self, wanted: ByteRange) -> Available | None:
        """Fetch these bytes first; return what of them can be read now."""
        return serve(self._engine, wanted)

    def log_lines(self) -> list[LogLine]:
        """Return the lines for the logs of torrents since the last call."""
        said, self._engine.log_lines = self._engine.log_lines, []
        return said

    # --- what is wanted ---

    def want(
        self, wanted: Mapping[str, Wanted], space_left: Mapping[str, int] | None = None
    ) -> None:
        """Set everything that is wanted now; what is no longer in it is saved and released.

        `space_left`: the bytes that are left to those owners who have a limit.
        """
        self._engine.space_left = dict(space_left or {})
        for key, torrent in list(self._torrents.items()):
            new = wanted.get(key)
            if new is None:
                self._engine.leave(torrent)
            elif torrent.phase is Phase.LEAVING or torrent.wanted is None:
                continue  # wanted again while it is let go: taken in anew once it is gone
            elif torrent.begins_anew(new):
                self._engine.leave(torrent)
            else:
                self._change(torrent, new)
        now = time.monotonic()
        for key in wanted.keys() - self._torrents.keys():
            torrent = Torrent(key, wanted[key], Phase.QUEUED, order=now, moved_at=now)
            self._torrents[key] = torrent
            self._inbox.append(torrent)
            self._reported.pop(key, None)
        for key in self._reported.keys() - self._torrents.keys():
            del self._reported[key]

    def _change(self, torrent: Torrent, new: Wanted) -> None:
        if torrent.phase is Phase.FINISHING:
            return  # taken up once it has finished: then the new token is another one
        old, torrent.wanted = torrent.wanted, new
        assert old is not None
        if new != old:
            self._engine.changed.add(torrent.key)
            self._engine.must_admit = True
        if new.choices != old.choices:
            torrent.choose()
        is_in = torrent.phase is Phase.DOWNLOADING and not torrent.is_going
        is_seeding = torrent.phase is Phase.SEEDING
        if is_seeding and not new.seed:  # more owners: told that what they want is here
            self._reported.pop(torrent.key, None)
            self._engine.changed.add(torrent.key)
        if is_in and (new.choices, new.order) != (old.choices, old.order):
            prefer(self._engine, torrent)
        if is_in or is_seeding:
            self._change_sources(torrent.key, old, new)
        if new.announce != old.announce and self._engine.session.has(torrent.key):
            self._engine.session.ask_for_peers(torrent.key)
        if is_in and new.recheck and not torrent.rechecked:
            self._engine.put_back(torrent, "It is checked before it goes on.")
        if new.file is not None and torrent.phase is Phase.METADATA and torrent.metadata is None:
            self._engine.describe_from_file(torrent)
        torrent.rechecked = torrent.rechecked and new.recheck

    def _change_sources(self, key: str, old: Wanted, new: Wanted) -> None:
        session = self._engine.session
        if new.link.trackers != old.link.trackers:
            session.set_trackers(key, new.link.trackers)
        if named := [peer for peer in new.link.peers if peer not in old.link.peers]:
            session.connect(key, named)

    def limit(self, speeds: Speeds) -> None:
        """Set the rate limits that hold from now on."""
        self._engine.speeds = speeds

    def forget(self, key: str, with_data: bool) -> None:
        """Remove what is kept of a torrent that nobody has any more. It must not be held."""
        assert not self.holds(key)
        self._engine.store.forget(key)
        rate_history.forget(self._engine.options.state / "rates", key)
        if with_data:
            self._engine.library.delete(key)
        else:
            self._engine.library.discard_incomplete(key)

    def relocate(self, key: str, folder: str, name: str = "") -> Record | None:
        """Move the files of a complete torrent, which must not be held. Raises OSError."""
        assert not self.holds(key)
        return self._engine.library.relocate(key, folder, name)

    def rename_files(self, key: str, paths: Mapping[int, str]) -> Record | None:
        """Rename files of a complete torrent, which must not be held. Raises OSError."""
        assert not self.holds(key)
        return self._engine.library.rename_files(key, paths)

    def _take_in(self, torrent: Torrent) -> None:
        """Determine what is known of a torrent: complete, begun, described, or a bare link."""
        if self._torrents.get(torrent.key) is not torrent:
            return  # unwanted meanwhile
        if self._engine.is_poison(torrent):
            return
        torrent.record = self._engine.library.record(torrent.key)
        try:
            params = self._engine.params(torrent)
            torrent.metadata = describe(params.ti) if params.ti is not None else None
        except BadMetadata as error:
            self._engine.fail(torrent, str(error))
            return
        assert torrent.wanted is not None
        torrent.choose()
        torrent.uploaded = torrent.wanted.uploaded
        # Without its description nothing can be verified, and only its record is known.
        torrent.rechecked = torrent.record is not None and torrent.metadata is None
        is_done = torrent.is_whole and self._engine.library.complete(torrent.key) is not None
        if torrent.wanted.hold and torrent.files:
            self._engine.hold(torrent)
        elif torrent.wanted.seed and not (is_done and torrent.metadata):
            self._engine.fail(torrent, "Its files are not in the library any more.")
        elif torrent.wanted.seed:
            seed(self._engine, torrent, params)
        elif is_done and not (torrent.wanted.recheck and torrent.metadata):
            succeed(self._engine, torrent)
        elif params.ti is None:
            torrent.phase = Phase.METADATA
        else:
            torrent.done = max(min(bytes_had(params), torrent.size or 0), torrent.placed)
            self._engine.must_admit = True

    # --- one look ---

    def tick(self, seconds: float) -> list[Snapshot]:
        """Wait for events, at most so many seconds, act on them, and return what changed."""
        engine = self._engine
        for event in engine.session.wait(self._patience(seconds)):
            engine.now = time.monotonic()
            handle(engine, event)
        engine.now = time.monotonic()
        for _ in range(min(TAKEN_AT_ONCE, len(self._inbox))):
            torrent = self._inbox.popleft()
            engine.attempt(torrent, self._take_in, torrent)
        collect_checks(engine)
        collect_publications(engine)
        if engine.outlet.is_bound and engine.now >= self._outlet_due:
            self._outlet_due = engine.now + OUTLET_EVERY
            engine.watch_outlet()
        if engine.now >= self._work_due:
            is_calm = engine.now - self._changed_at > CALM_AFTER
            self._work_due = engine.now + (CALM_WORK_EVERY if is_calm else WORK_EVERY)
            self._periodic_work()
        if engine.must_admit:
            engine.must_admit = False
            periodic.start_next(engine)
            periodic.limit_rates(engine)
        return self._changes()

    def _patience(self, seconds: float) -> float:
        if self._inbox:
            return 0.0
        return SOON if self._engine.checks or self._engine.publications else seconds

    def _periodic_work(self) -> None:
        engine = self._engine
        engine.session.ask_for_progress()
        periodic.rotate_metadata(engine)
        periodic.watch_disk(engine)
        periodic.watch_seeds(engine)
        periodic.explain_silence(engine)
        periodic.save_due(engine)
        periodic.count_files(engine)
        engine.journal.forget_old(engine.now, engine.checks)
        engine.must_admit = True
        if engine.now >= self._report_all_due:
            # Some words change with the clock alone; of 200 idle torrents they are not looked
            # for more often.
            self._report_all_due = engine.now + REPORT_ALL_EVERY
            engine.changed |= self._torrents.keys()
        if engine.now >= self._state_at:
            self._state_at = engine.now + STATE_EVERY
            periodic.save_session(engine)

    def _changes(self) -> list[Snapshot]:
        """Return the snapshots of torrents that were worked on, if they changed."""
        keys, self._engine.changed = self._engine.changed, set()
        changes = []
        for torrent in (self._torrents[key] for key in keys if key in self._torrents):
            snapshot = torrent.snapshot(self._engine.now)
            if self._engine.cut_off and not torrent.is_over:
                snapshot = replace(snapshot, reason=self._engine.cut_off)
            if torrent.wanted is not None and snapshot != self._reported.get(torrent.key):
                self._reported[torrent.key] = snapshot
                changes.append(snapshot)
        if changes:
            self._changed_at = self._engine.now
            self._work_due = min(self._work_due, self._engine.now + WORK_EVERY)
        return changes

    # --- the end ---

    def stop(self, seconds: float = 10.0) -> None:
        """Save all, then let go. Nothing is paused before: the pause would be saved, too."""
        engine = self._engine
        for torrent in self._torrents.values():
            if torrent.metadata and engine.session.has(torrent.key):
                engine.save(torrent, flush=True)
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(one.save_asked for one in self._torrents.values()):
            for event in engine.session.wait(0.1):
                handle(engine, event)
        periodic.save_session(engine)
        engine.close()
        engine.session.shutdown()
