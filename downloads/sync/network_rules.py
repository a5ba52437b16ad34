"""The port, the banned peers and the list of blocked addresses, followed while the engine runs."""

import logging
from pathlib import Path
from typing import Any

from django.conf import settings

from downloads.engine.reconciler import Reconciler
from downloads.models.network import LARGEST_PORT, BannedPeer, ListenPort
from downloads.session.block_list import BlockList, read_file

log = logging.getLogger(__name__)


class NetworkRules:
    """Passes on to the reconciler what has changed since the last step."""

    def __init__(self) -> None:
        self._port: int | None = None
        self._stamp: tuple[int, int] | None = None
        self._list = BlockList()
        self._banned: list[str] = []
        self._problem = ""

    def step(self, reconciler: Reconciler) -> None:
        """Look at the rows and files, and pass on what is new."""
        port = self._wanted_port()
        if port and port != self._port:
            log.info("Peers are accepted on port %s.", port)
            reconciler.listen_on(port)
            self._port = port
        is_new = self._read_list()
        banned = list(BannedPeer.objects.order_by("pk").values_list("address", flat=True))
        if is_new or banned != self._banned:
            self._banned = banned
            reconciler.block(self._list.ranges, banned)

    def status(self) -> dict[str, Any]:
        """Return what pages show of it."""
        return {
            "blocked_ranges": len(self._list.ranges),
            "refused_lines": self._list.refused,
            "refused_examples": self._list.examples,
            "block_list_problem": self._problem,
        }

    def _wanted_port(self) -> int:
        """Return the port that a file or a person has set; 0 if that of DOWNLOAD_LISTEN stays."""
        path = settings.DOWNLOAD_PORT_FILE
        if path is None:
            row = ListenPort.objects.first()
            return row.port if row else 0
        try:
            text = path.read_text()[:20].strip()
        except OSError:  # the VPN is not up yet
            return 0
        is_port = text.isascii() and text.isdecimal() and 0 < int(text) <= LARGEST_PORT
        return int(text) if is_port else 0

    def _read_list(self) -> bool:
        """Read the list of blocked addresses if it has changed; return whether it was read.

        One that cannot be read leaves the last one in force.
        """
        path: Path | None = settings.DOWNLOAD_BLOCK_LIST
        if path is None:
            return False
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            self._list, self._problem = read_file(path), ""
        except (OSError, EOFError) as error:
            problem = f"The block list {path.name} cannot be read: {error}."
            if problem != self._problem:
                log.warning("%s", problem)
            self._problem = problem
            return False
        log.info(
            "%s ranges of addresses are blocked; %s lines of %s were refused.",
            *(len(self._list.ranges), self._list.refused, path.name),
        )
        return True
