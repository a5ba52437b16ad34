"""The state of the engine and its verbs: session, library, resume files, torrents.

`adding` and `completing` have the verbs into the session and into the library. `event_handlers` use
them when the session reports something, `periodic` when time has passed, the `reconciler` when
people want something else.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from downloads.engine.crash_journal import GIVEN_UP_AFTER, POISON, Journal
from downloads.engine.interface import EngineOptions, LogLine, Phase
from downloads.engine.resume_data import ResumeStore
from downloads.engine.torrent import Torrent
from downloads.library.library import Library
from downloads.library.record import Record
from downloads.rate_limits import Speeds
from downloads.session.metadata import (
    AddParams,
    BadMetadata,
    add_sources,
    describe,
    forget_pieces,
    params_of_file,
    params_of_link,
    params_of_resume,
)
from downloads.session.outlet import Outlet
from downloads.session.session import TorrentSession
from downloads.session.settings import Options

log = logging.getLogger(__name__)

DISK_RETRY = 5.0  # admission looks at the disk again before anything is fetched

BROKEN = (
    "The download engine met an error of its own with this torrent ({error}); the others go on. "
    "The log has the details. Retry; report it if it happens again."
)


class EngineState:
    """All that the reconciler holds, and its verbs."""

    def __init__(self, session_options: Options, options: EngineOptions) -> None:
        self.options = options
        self.library = Library(options.downloads, options.state)
        self.store = ResumeStore(options.state / "resume")
        self.state_file = options.state / "session"
        self.journal = Journal(options.state / "in-hand")
        self.has_dht = session_options.has_dht
        self.outlet = Outlet(session_options.interface, session_options.proxy)
        self.cut_off = ""
        """Why nothing is sent now, as a sentence."""
        self.session = self._open(session_options)
        self.torrents: dict[str, Torrent] = {}
        self.log_lines: list[LogLine] = []
        self.checks: dict[str, Future[AddParams]] = {}
        self.publications: dict[str, Future[Record]] = {}
        self.now = time.monotonic()
        self.must_admit = False
        self.changed: set[str] = set()
        """Those of which something was done since that was last told."""
        self.speeds = Speeds()
        self.space_left: dict[str, int] = {}  # bytes, of the owners who have a limit
        self.checkers = ThreadPoolExecutor(2, "check")
        self.publishers = ThreadPoolExecutor(4, "publish")
        self.watch_outlet()

    def _open(self, options: Options) -> TorrentSession:
        try:
            return TorrentSession(options, self.state_file.read_bytes())
        except OSError:
            return TorrentSession(options)
        except RuntimeError as error:
            log.warning("The saved state of the session is damaged and left out: %s", error)
            return TorrentSession(options)

    def watch_outlet(self) -> None:
        """Stop everything while nothing may be sent; go on once it may."""
        problem = self.outlet.problem()
        if problem == self.cut_off:
            return
        was_cut_off, self.cut_off = bool(self.cut_off), problem
        self.changed |= self.torrents.keys()
        if not problem:
            log.warning("Torrents go on by %s.", self.outlet.name)
            self.session.go_on()
        else:
            log.warning("%s", problem)
            if not was_cut_off:
                self.session.cut_off()

    def attempt(self, torrent: Torrent, act: Callable[..., object], *words: Any) -> None:
        """Act on one torrent. An error fails that torrent and no other."""
        self.journal.handle(torrent.key)
        try:
            act(*words)
        except Exception as error:
            log.exception("Torrent %s is given up.", torrent.key)
            self.fail(torrent, BROKEN.format(error=type(error).__name__))
            if torrent.wanted is None:
                self.drop(torrent)
        finally:
            self.changed.add(torrent.key)
            self.journal.handle("")

    def is_poison(self, torrent: Torrent) -> bool:
        """Return whether the engine died of a torrent too often, which then has failed."""
        deaths = self.journal.deaths(torrent.key)
        if deaths >= GIVEN_UP_AFTER:
            self.fail(torrent, POISON.format(deaths=deaths))
        return deaths >= GIVEN_UP_AFTER

    def params(self, torrent: Torrent) -> AddParams:
        """Return the best that is known of a torrent: saved, uploaded, or a bare link.

        Raises BadMetadata if the uploaded file cannot be used.
        """
        assert torrent.wanted is not None
        link = torrent.wanted.link
        for data in self.store.versions(torrent.key):
            params = params_of_resume(data)
            if params is not None:
                add_sources(params, link)
                if torrent.record or not self.library.incomplete(torrent.key).exists():
                    forget_pieces(params)
                return params
        if torrent.wanted.file is None:
            return params_of_link(link)
        params = params_of_file(torrent.wanted.file)
        add_sources(params, link)
        return params

    def hold(self, torrent: Torrent) -> None:
        """Stop a torrent whose list of files is here, because no more was asked for."""
        torrent.phase = Phase.HELD
        torrent.reason = ""
        self.take_out(torrent)
        self.must_admit = True

    def describe_from_file(self, torrent: Torrent) -> None:
        """Use an uploaded list of files for a torrent that is asking peers for it."""
        assert torrent.wanted is not None and torrent.wanted.file is not None
        try:
            info = params_of_file(torrent.wanted.file).ti
            assert info is not None
            torrent.metadata = describe(info)
        except BadMetadata as error:
            self.fail(torrent, str(error))
            return
        torrent.asking_since = None
        torrent.choose()
        self.log_lines.append(LogLine(torrent.key, "The list of files came with a .torrent file."))
        if self.session.has(torrent.key):
            self.session.remove(torrent.key)
        if torrent.wanted.hold:
            self.hold(torrent)
        else:
            torrent.phase, torrent.not_before = Phase.QUEUED, 0.0
            self.must_admit = True

    # --- within ---

    def put_back(self, torrent: Torrent, reason: str, seconds: float = 0.0) -> None:
        """Take a torrent out of the session until it is admitted again, with what it has saved.

        A pause would do, too; but then peers are only tried again after `min_reconnect_time`, and
        hundreds of queued torrents would cost memory.
        """
        self.changed.add(torrent.key)
        torrent.phase = Phase.QUEUED
        torrent.reason = reason
        torrent.not_before = self.now + seconds
        self.take_out(torrent)
        self.must_admit = True

    def take_out(self, torrent: Torrent) -> None:
        """Remove a torrent from the session after saving its data."""
        torrent.stand_still()
        if not self.session.has(torrent.key):
            return
        if self.session.is_leaving(torrent.key) or torrent.save_asked:
            torrent.is_going = True
        elif torrent.metadata is None:
            self.session.remove(torrent.key)
        else:
            torrent.is_going = True
            self.save(torrent, flush=True)

    def save(self, torrent: Torrent, flush: bool = False) -> None:
        """Ask for resume data, unless an answer is still to come."""
        torrent.saved_at, torrent.saved_done = self.now, torrent.done
        is_there = self.session.has(torrent.key) and not self.session.is_leaving(torrent.key)
        if not torrent.save_asked and is_there:
            torrent.save_asked = True
            self.session.ask_to_save(torrent.key, flush=flush)

    # --- out of it ---

    def leave(self, torrent: Torrent) -> None:
        """Save and remove a torrent that nobody wants now; one that is finishing finishes first."""
        torrent.wanted = None
        if torrent.phase in {Phase.LEAVING, Phase.FINISHING}:
            return
        if not self.session.has(torrent.key):
            self.drop(torrent)
            return
        torrent.phase = Phase.LEAVING
        self.take_out(torrent)
        self.must_admit = True

    def fail(self, torrent: Torrent, reason: str) -> None:
        """Fail a torrent with the reason; what was fetched stays for a retry."""
        self.changed.add(torrent.key)
        torrent.stand_still()
        torrent.phase = Phase.FAILED
        torrent.reason = reason
        self.session.remove(torrent.key)
        self.journal.end(torrent.key)
        self.must_admit = True

    def drop(self, torrent: Torrent) -> None:
        """Forget the torrent: cancel its check, close its journal entry."""
        check = self.checks.pop(torrent.key, None)
        if check is not None:
            check.cancel()
        self.torrents.pop(torrent.key, None)
        self.journal.end(torrent.key)

    def close(self) -> None:
        """Wait until everything saved is on disk."""
        for pool in (self.checkers, self.publishers):
            pool.shutdown(wait=False, cancel_futures=True)
        self.outlet.close()
        self.store.close()
        self.journal.close()
