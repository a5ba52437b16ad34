"""Seeds a file or folder on this machine, for the demo and the tests.

    python -m downloads.seeder PATH --port 7001 [--each] [--torrents FOLDER] [--tracker URL]

Prints one JSON list of {"magnet", "info_hash", "name", "size", "torrent"} on one line once the
data is hashed and the port is open, then serves until its standard input is closed or it is
killed. `--each` makes one torrent of every entry of the folder.

The magnet link carries this seeder's own address (`x.pe`). The site drops such peers unless
DOWNLOAD_ALLOWED_NETWORKS holds the network: for a seeder on loopback set it to 127.0.0.0/8.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import libtorrent as lt

from downloads.metainfo.magnet import Link
from downloads.session.ip_filter import limit_local_peers

SETTINGS = {
    "user_agent": "jobsite-seeder",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # Over loopback uTP is some 25 times slower than TCP.
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "allow_multiple_connections_per_ip": True,
    "hashing_threads": 2,
    "active_seeds": -1,
    "active_limit": -1,
    "connections_limit": 2000,
    # A tracker on this machine may be asked as often as it likes: some clients never connect to
    # loopback themselves and wait until the seeder has heard of them.
    "min_announce_interval": 1,
    # With the default of 8, the 9th torrent that is fetched at once waits for its turn.
    "unchoke_slots_limit": -1,
    "alert_mask": lt.alert.category_t.error_notification,
}


def make_torrent(path: Path, flags: int = 0, trackers: tuple[str, ...] = ()) -> bytes:
    """Hash a file or folder; return its .torrent. `flags`: v1 only, v2 only, else hybrid."""
    maker = lt.create_torrent(lt.list_files(str(path)), flags=flags)
    for tracker in trackers:
        maker.add_tracker(tracker)
    lt.set_piece_hashes(maker, str(path.parent))
    return lt.bencode(maker.generate())


class Seeder:
    """A session that only uploads."""

    def __init__(
        self, host: str, port: int, max_up: int = 0, trackers: tuple[str, ...] = ()
    ) -> None:
        interfaces = {"listen_interfaces": f"{host}:{port}", "upload_rate_limit": max_up}
        self.session = lt.session(cast(Any, {**SETTINGS, **interfaces}))
        limit_local_peers(self.session)
        self.host = host
        self.trackers = trackers

    def add(self, path: Path, torrents: Path | None, flags: int = 0) -> dict[str, object]:
        """Seed a path; return the facts by which others can fetch it."""
        data = make_torrent(path, flags, self.trackers)
        info = lt.load_torrent_buffer(data).ti
        assert info is not None
        params = lt.add_torrent_params()
        params.ti = info
        params.save_path = str(path.parent)
        params.trackers = list(self.trackers)
        if not info.info_hashes().has_v2():
            # In this mode the first request for v2 hashes is rejected, and the peer hangs up.
            params.flags |= lt.torrent_flags.seed_mode
        params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
        self.session.add_torrent(params)
        hashes = info.info_hashes()
        link = Link(
            v1=str(hashes.v1) if hashes.has_v1() else "",
            v2=str(hashes.v2) if hashes.has_v2() else "",
            name=path.name,
            peers=(f"{self.host}:{self.session.listen_port()}",),
        )
        file = torrents / f"{path.name}.torrent" if torrents else None
        if file:
            file.write_bytes(data)
        return {
            "magnet": link.magnet,
            "info_hash": link.key,
            "name": path.name,
            "size": info.total_size(),
            "torrent": str(file) if file else "",
        }


def _paths(path: Path, each: bool) -> Iterator[Path]:
    yield from sorted(path.iterdir()) if each else [path]


def main() -> None:
    """Seed what the command line names, until standard input is closed."""
    parser = argparse.ArgumentParser(prog="python -m downloads.seeder")
    parser.add_argument("path", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--torrents", type=Path)
    parser.add_argument("--tracker", action="append", default=[])
    parser.add_argument("--max-up-kb", type=int, default=0)
    parser.add_argument("--version", choices=["v1", "v2", "hybrid"], default="v1")
    options = parser.parse_args()
    flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
    trackers = tuple(options.tracker)
    seeder = Seeder(options.host, options.port, options.max_up_kb * 1024, trackers)
    seeded = [
        seeder.add(path, options.torrents, flags[options.version])
        for path in _paths(options.path.resolve(), options.each)
    ]
    print(json.dumps(seeded), flush=True)  # noqa: T201 (the contract of this program)
    while os.read(sys.stdin.fileno(), 65536):
        pass


if __name__ == "__main__":
    main()
