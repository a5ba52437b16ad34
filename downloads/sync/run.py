"""The engine: the job of the `downloads` cluster, which runs while there is anything to do.

It drives the reconciler with rows and writes back what changed. Only this module and those that
it imports load libtorrent; no web or cluster process does.
"""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from downloads.engine.interface import EngineOptions
from downloads.engine.reconciler import Reconciler
from downloads.models.engine_demand import is_needed
from downloads.session.proxy import Proxy
from downloads.session.settings import Options
from downloads.sync.finished_files import move_files, remove_deleted
from downloads.sync.intervals import Intervals
from downloads.sync.live_status import LiveStatus
from downloads.sync.network_rules import NetworkRules
from downloads.sync.rows import Rows
from downloads.sync.stopped_files import StoppedFiles
from downloads.sync.watch_folders import WatchFolders
from jobsite.jobs.execution.outcome import JobFailed

log = logging.getLogger(__name__)

TICK = 0.25
READ_SOON = 0.5
WRITE_EVERY = 1.0
TERMS_EVERY = 5.0
# Each change shows in what is looked at more often. This is for one that somehow does not.
READ_EVERY = 30.0
CLEAN_EVERY = 1.0
LIMIT_EVERY = 1.0
RENEW_EVERY = 10.0
TRAFFIC_EVERY = 10.0
WATCH_EVERY = 3.0
DEMAND_EVERY = 1.0
NETWORK_EVERY = 2.0
LOCK_WITHIN = 20.0


def run(job: Any, report: Any) -> dict[str, Any]:
    """Run the engine until it is asked to stop, or has had nothing to do for long.

    Raises JobFailed if another one uses the folder.
    """
    state = Path(settings.DATA_DIR) / "swarm"
    state.mkdir(mode=0o750, exist_ok=True)
    with _alone(state / "lock"):
        reconciler = Reconciler(_session_options(), _engine_options(state))
        report.event(f"Listening on port {reconciler.port}.")
        engine_rows = Rows(job.worker)
        live_status = LiveStatus(state, Path(settings.DOWNLOAD_DIR))
        try:
            _Loop(reconciler, engine_rows, live_status, report).run()
        finally:
            live_status.close()
            reconciler.stop()
            engine_rows.close()
    return {}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of the state folder; an engine without a supervisor takes a moment to end."""
    with path.open("w") as file:
        deadline = time.monotonic() + LOCK_WITHIN
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise JobFailed(
                        f"Another download engine uses {path.parent}. Stop it, or give this site "
                        "a JOBSITE_DATA_DIR of its own."
                    ) from None
                time.sleep(0.1)
        yield


def _session_options() -> Options:
    return Options(
        listen=settings.DOWNLOAD_LISTEN,
        interface=settings.DOWNLOAD_INTERFACE,
        dht=settings.DOWNLOAD_DHT,
        bootstrap=tuple(settings.DOWNLOAD_DHT_BOOTSTRAP),
        allowed_networks=tuple(settings.DOWNLOAD_ALLOWED_NETWORKS),
        proxy=Proxy(*settings.DOWNLOAD_PROXY) if settings.DOWNLOAD_PROXY else None,
        encryption=settings.DOWNLOAD_ENCRYPTION,
        is_anonymous=settings.DOWNLOAD_ANONYMOUS,
        forwards_port=settings.DOWNLOAD_PORT_FORWARDING,
        announces_to_all=settings.DOWNLOAD_ALL_TRACKERS,
        connections=settings.DOWNLOAD_CONNECTIONS,
        torrent_connections=settings.DOWNLOAD_TORRENT_CONNECTIONS,
        upload_slots=settings.DOWNLOAD_UPLOAD_SLOTS,
    )


def _engine_options(state: Path) -> EngineOptions:
    return EngineOptions(
        downloads=Path(settings.DOWNLOAD_DIR),
        state=state,
        active=settings.DOWNLOAD_ACTIVE,
        floor=settings.DOWNLOAD_FREE_MB * 2**20,
    )


class _Loop:
    """The schedule of the engine: when it reads rows, when it writes them."""

    def __init__(
        self, reconciler: Reconciler, rows: Rows, live_status: LiveStatus, report: Any
    ) -> None:
        self._reconciler = reconciler
        self._rows = rows
        self._report = report
        self._live_status = live_status
        self._watched = WatchFolders(settings.DOWNLOAD_WATCH_DIR)
        self._stopped_files = StoppedFiles()
        self._network = NetworkRules()
        self._intervals = Intervals()
        self._taken_over = False
        self._is_urgent = False
        self._needed_at = time.monotonic()

    def run(self) -> None:
        """Run until asked to stop. A database that is away does not stop the torrents."""
        while not self._report.stopping.is_set() and not self._is_idle:
            snapshots = self._reconciler.tick(TICK)
            if self._rows.note(snapshots, self._reconciler.log_lines()):
                self._is_urgent = True
            self._live_status.step(self._reconciler)
            try:
                self._exchange()
                self._note_demand()
            except DatabaseError as error:
                log.warning("The engine goes on without its database: %s", error)
                connection.close()
                self._report.stopping.wait(1.0)

    @property
    def _is_idle(self) -> bool:
        """Whether there has been nothing to do for long; housekeeping starts the next engine."""
        return time.monotonic() - self._needed_at > settings.IDLE_SECONDS

    def _note_demand(self) -> None:
        if self._intervals.has_passed("demand", DEMAND_EVERY) and is_needed():
            self._needed_at = time.monotonic()

    def _exchange(self) -> None:
        if not self._taken_over:
            self._rows.take_over()
            self._network.step(self._reconciler)  # before the first torrent
            self._taken_over = True
        if self._is_behind():
            self._rows.write()  # before the rows it is about are let go
            self._reconciler.want(self._rows.wanted(), self._rows.space_left())
        if self._intervals.has_passed("write", WRITE_EVERY) or self._is_urgent:
            self._rows.write()
            self._is_urgent = self._rows.is_unfinished
        if self._intervals.has_passed("limit", LIMIT_EVERY):
            self._reconciler.limit(self._rows.speeds())
        if self._intervals.has_passed("clean", CLEAN_EVERY):
            move_files(self._reconciler)
            remove_deleted(self._reconciler)
            self._stopped_files.step()
        if self._intervals.has_passed("watch", WATCH_EVERY):
            self._watched.step()
        if self._intervals.has_passed("network", NETWORK_EVERY):
            self._network.step(self._reconciler)
            self._live_status.network = self._network.status()
        if self._intervals.has_passed("traffic", TRAFFIC_EVERY):
            self._rows.write_traffic()
        if self._intervals.has_passed("renew", RENEW_EVERY):
            self._rows.renew()

    def _is_behind(self) -> bool:
        if self._intervals.has_passed("read", READ_EVERY):
            return True
        if self._intervals.has_passed("behind", READ_SOON) and self._rows.is_behind():
            return True
        return self._intervals.has_passed("terms", TERMS_EVERY) and self._rows.have_terms_changed()
