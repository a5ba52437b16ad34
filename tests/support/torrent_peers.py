"""Other clients on loopback, for tests that move real torrents.

Peers on 127.0.0.0/8 are found in two ways: the libtorrent seeder's magnet link carries its own
address (`x.pe`), which the site keeps because tests allow that network; Debian's
transmission-daemon, which writes no such links, is found through `Tracker`, an HTTP tracker of 40
lines. Nothing leaves the machine.
"""

import contextlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from downloads.engine.interface import EngineOptions, Snapshot, Wanted
from downloads.engine.reconciler import Reconciler
from downloads.metainfo.magnet import Link, parse_link
from downloads.session.settings import Options
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@dataclass(frozen=True)
class Seeded:
    """What a seeder says of one torrent."""

    magnet: str
    info_hash: str
    name: str
    size: int
    torrent: str

    @property
    def link(self) -> Link:
        return parse_link(self.magnet, LOOPBACK)


@contextlib.contextmanager
def seeder(path: Path, *words: str) -> Iterator[list[Seeded]]:
    """`python -m downloads.seeder` on a path, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "downloads.seeder", str(path), *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield [Seeded(**one) for one in json.loads(process.stdout.readline())]
    finally:
        process.kill()
        process.wait()


class Server(ThreadingHTTPServer):
    """Hundreds of torrents that announce themselves at once are not turned away."""

    request_queue_size = 500

    def handle_error(self, *_: Any) -> None:
        """Clients hang up whenever they like."""


class Tracker:
    """A BitTorrent tracker over HTTP: remembers who announced what, and tells the others."""

    def __init__(self, refusal: str = "", interval: int = 60, host: str = "127.0.0.1") -> None:
        self.peers: dict[bytes, set[tuple[str, int]]] = {}
        self.calls: list[dict[str, str]] = []
        """The fields of each announce, in their order."""
        self.interval = interval
        self.refusal = refusal.encode()
        tracker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if not path.endswith("/announce"):
                    self.send_error(404)
                    return
                # Not every client escapes a "#" within a hash.
                body = tracker.announce(query, self.client_address[0])
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: Any) -> None:
                pass

        self._server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_port}/announce"

    def announce(self, query: str, host: str) -> bytes:
        """Note the caller; the compact list of all the others."""
        if self.refusal:
            return b"d14:failure reason%d:%be" % (len(self.refusal), self.refusal)
        fields = dict(part.partition("=")[::2] for part in query.split("&"))
        self.calls.append(fields)
        info_hash = unquote_to_bytes(fields["info_hash"])
        me = (host, int(fields["port"]))
        known = self.peers.setdefault(info_hash, set())
        others = known - {me}
        known.add(me)
        compact = b"".join(
            socket.inet_aton(host) + port.to_bytes(2, "big") for host, port in others
        )
        return b"d8:intervali%de12:min intervali1e5:peers%d:%be" % (
            self.interval,
            len(compact),
            compact,
        )

    def __enter__(self) -> "Tracker":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


def written(folder: Path) -> int:
    """Bytes of the files below a folder that a client has written, holes left out."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


TRANSMISSION = shutil.which("transmission-daemon")


@contextlib.contextmanager
def transmission(folder: Path, torrent: bytes) -> Iterator[None]:
    """Debian's transmission-daemon, seeding the data that lies in `folder`/data."""
    assert TRANSMISSION is not None
    config, watched = folder / "config", folder / "watched"
    config.mkdir()
    watched.mkdir()
    (watched / "one.torrent").write_bytes(torrent)
    settings = {
        "bind-address-ipv4": "127.0.0.1",
        "dht-enabled": False,
        "download-dir": str(folder / "data"),
        "lpd-enabled": False,
        "peer-port": free_port(),
        "pex-enabled": False,
        "port-forwarding-enabled": False,
        "rpc-enabled": False,
        "utp-enabled": False,
        "watch-dir": str(watched),
        "watch-dir-enabled": True,
    }
    (config / "settings.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [TRANSMISSION, "--foreground", "--config-dir", str(config)],
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@dataclass
class Client:
    """A reconciler of ours on a folder of its own, driven by the test."""

    folder: Path
    active: int = 20
    floor: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    """Options of the session that differ from those of all tests."""
    wanted: dict[str, Wanted] = field(default_factory=dict)
    seen: dict[str, Snapshot] = field(default_factory=dict)
    history: list[Snapshot] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("downloads", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        usual = {"listen": "127.0.0.1:0", "dht": False, "allowed_networks": LOOPBACK}
        options = Options(**{**usual, **self.options})
        place = EngineOptions(
            self.folder / "downloads", self.folder / "state", self.active, self.floor
        )
        self.reconciler = Reconciler(options, place)

    def want(self, *links: Link, **fields: Any) -> None:
        """Want these as well as those before."""
        self.wanted |= {link.key: Wanted(link, **fields) for link in links}
        self.reconciler.want(self.wanted)

    def leave(self, key: str) -> None:
        """Want it no more."""
        del self.wanted[key]
        self.seen.pop(key, None)
        self.reconciler.want(self.wanted)

    def tick(self) -> None:
        for snapshot in self.reconciler.tick(0.1):
            self.seen[snapshot.key] = snapshot
            self.history.append(snapshot)

    def until(self, condition: Any, seconds: float = PATIENCE) -> None:
        """Go on until the condition, called with this client, is true."""
        from time import monotonic

        deadline = monotonic() + seconds
        while not condition(self):
            assert monotonic() < deadline, f"not within {seconds} s: {self.seen}"
            self.tick()

    def finish(self, *keys: str, seconds: float = PATIENCE) -> None:
        """Go on until these have succeeded."""
        self.until(lambda me: all(me.state(key) == "succeeded" for key in keys), seconds)

    def state(self, key: str) -> str:
        return self.seen[key].state if key in self.seen else ""

    def reason(self, key: str) -> str:
        return self.seen[key].reason if key in self.seen else ""

    def file(self, name: str) -> Path:
        """A path in the library."""
        return self.folder / "downloads" / name


@contextlib.contextmanager
def clients(folder: Path) -> Iterator[Callable[..., Client]]:
    """Makes clients in this folder, and stops them all at the end."""
    made: list[Client] = []

    def make(name: str = "client", **fields: Any) -> Client:
        made.append(Client(folder / name, **fields))
        return made[-1]

    yield make
    for one in made:
        one.reconciler.stop(5)
