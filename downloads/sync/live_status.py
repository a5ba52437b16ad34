"""Live status for open pages: details of torrents, rates, and one line about the whole site."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from downloads.engine.interface import Phase, Snapshot
from downloads.engine.reconciler import Reconciler
from downloads.ipc.rate_history import STEP, Rates
from downloads.ipc.stream_requests import StreamMailbox
from downloads.ipc.torrent_details import LINE, DetailsMailbox
from downloads.sync.intervals import Intervals

DETAILS_EVERY = 1.0
LINE_EVERY = 2.0
KEEP_EVERY = 300.0


class LiveStatus:
    """The answers that lie beside the rows, in the engine's state folder."""

    def __init__(self, state: Path, downloads: Path) -> None:
        self._box = DetailsMailbox(state / "watched")
        self._rates = Rates(state / "rates")
        self._streams = StreamMailbox(state / "streams")
        self._downloads = downloads
        self._intervals = Intervals()
        self.network: dict[str, Any] = {}
        """What is told of port and block list."""

    def step(self, reconciler: Reconciler) -> None:
        """Publish what is due."""
        for wanted in self._streams.requests():
            available = reconciler.serve(wanted)
            if available is not None:
                self._streams.publish(wanted, available)
        standing = reconciler.standing()
        if self._intervals.has_passed("details", DETAILS_EVERY):
            self._publish_details(reconciler)
        if self._intervals.has_passed("line", LINE_EVERY):
            about = {"problem": reconciler.cut_off, "port": reconciler.port, **self.network}
            self._box.publish(LINE, {**self._line(standing), **about})
        if self._intervals.has_passed("rates", STEP):
            self._rates.add({key: (one.rate_down, one.rate_up) for key, one in standing.items()})
            self._rates.keep_only(standing)
            for key in self._box.asked():
                self._rates.keep(key)
        if self._intervals.has_passed("keep", KEEP_EVERY):
            self._rates.keep_all()

    def close(self) -> None:
        """Save the rates, so that graphs go on after a restart."""
        self._rates.keep_all()

    def _publish_details(self, reconciler: Reconciler) -> None:
        for key in self._box.asked():
            answer = reconciler.details_of(key)
            if answer is not None:
                self._box.publish(key, answer)

    def _line(self, standing: Mapping[str, Snapshot]) -> dict[str, int]:
        try:
            free = shutil.disk_usage(self._downloads).free
        except OSError:
            free = 0
        busy = [one for one in standing.values() if one.phase is Phase.DOWNLOADING]
        return {
            "rate_down": sum(one.rate_down for one in standing.values()),
            "rate_up": sum(one.rate_up for one in standing.values()),
            "downloading": len(busy),
            "peers": sum(one.peers for one in standing.values()),
            "free": free,
        }
