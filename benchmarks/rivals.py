"""Other clients, each told to fetch .torrent files into a folder."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.arrival import Arrival
from benchmarks.host import HOST
from tests.support.ports import free_port
from tests.support.waiting import wait_until

LONGEST = 180.0

RAW = """
import sys, time
import libtorrent as lt
host, folder, *torrents = sys.argv[1:]
session = lt.session({
    "listen_interfaces": host + ":0", "enable_dht": False, "enable_lsd": False,
    "enable_upnp": False, "enable_natpmp": False, "enable_outgoing_utp": False,
    "mixed_mode_algorithm": 0, "active_downloads": -1, "active_limit": -1,
    "connections_limit": 800, "connection_speed": 100, "allow_multiple_connections_per_ip": True,
})
print("ready", flush=True)
sys.stdin.readline()
handles = []
for torrent in torrents:
    params = lt.load_torrent_file(torrent)
    params.save_path = folder
    handles.append(session.add_torrent(params))
while not all(handle.status().is_seeding for handle in handles):
    time.sleep(0.05)
print("done", flush=True)
"""


@contextlib.contextmanager
def running(words: list[str], home: Path) -> Iterator[None]:
    """A client in its own folder, ended at the end."""
    environment = {**os.environ, "HOME": str(home)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, env=environment, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def libtorrent(torrents: list[Path], folder: Path, arrival: Arrival) -> None:
    """A loop of 20 lines around libtorrent, TCP only."""
    folder.mkdir()
    words = [sys.executable, "-c", RAW, HOST, str(folder), *map(str, torrents)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()  # its imports are not what is measured
        limit = threading.Timer(LONGEST, process.kill)
        limit.start()
        arrival.begin(folder)
        process.stdin.write("go\n")
        process.stdin.flush()
        if process.stdout.readline():
            arrival.say_done()
        process.communicate()  # at its end the last blocks are written
        limit.cancel()
    arrival.end()


def aria2(torrents: list[Path], folder: Path, arrival: Arrival) -> None:
    """aria2c; it ends by itself when all is fetched."""
    folder.mkdir()
    links = folder / "links"
    links.write_text("\n".join(map(str, torrents)))
    words = [
        *("aria2c", "--quiet", "--no-conf", "--dir", str(folder), "--seed-time=0"),
        *("--enable-dht=false", "--bt-enable-lpd=false", "--file-allocation=none"),
        *("--max-concurrent-downloads=500", "--input-file", str(links)),
        *("--listen-port", str(free_port())),
    ]
    arrival.begin(folder)
    subprocess.run(words, stdout=subprocess.DEVNULL, timeout=LONGEST, check=True)
    arrival.end()


def transmission(torrents: list[Path], folder: Path, arrival: Arrival) -> None:
    """transmission-daemon, which takes what lies in its watched folder."""
    watched, config = folder / "watched", folder / "config"
    for path in (watched, config):
        path.mkdir(parents=True)
    settings = {
        **{"bind-address-ipv4": HOST, "dht-enabled": False, "lpd-enabled": False},
        **{"download-dir": str(folder), "download-queue-enabled": False, "utp-enabled": False},
        **{"peer-port": free_port(), "port-forwarding-enabled": False, "rpc-enabled": False},
        **{"watch-dir": str(watched), "watch-dir-enabled": True, "rename-partial-files": True},
        "preallocation": 0,  # as with the others: a file grows as its bytes come
    }
    (config / "settings.json").write_text(json.dumps(settings))
    for torrent in torrents:
        (watched / torrent.name).write_bytes(torrent.read_bytes())
    arrival.begin(folder)
    with running(["transmission-daemon", "-f", "-g", str(config)], folder):
        wait_until(arrival.is_whole, LONGEST)
        arrival.end()


def qbittorrent(torrents: list[Path], folder: Path, arrival: Arrival) -> None:
    """qbittorrent-nox with its own defaults but for the queue, which is switched off."""
    config = folder / "qBittorrent" / "config"
    config.mkdir(parents=True)
    lines = [
        *("[LegalNotice]", "Accepted=true", "[BitTorrent]", f"Session\\DefaultSavePath={folder}"),
        "Session\\AddExtensionToIncompleteFiles=true",
        *("Session\\QueueingSystemEnabled=false", f"Session\\Port={free_port()}"),
        *(
            "Session\\DHTEnabled=false",
            "Session\\LSDEnabled=false",
            "Session\\SSRFMitigation=false",
        ),
        *("[Preferences]", "WebUI\\Enabled=false"),
    ]
    (config / "qBittorrent.conf").write_text("\n".join(lines))
    words = ["qbittorrent-nox", f"--profile={folder}", "--skip-dialog=true", *map(str, torrents)]
    arrival.begin(folder)
    with running(words, folder):
        wait_until(arrival.is_whole, LONGEST)
        arrival.end()


TCP = "libtorrent over TCP"
RIVALS = {
    TCP: libtorrent,
    "aria2": aria2,
    "transmission": transmission,
    "qbittorrent-nox": qbittorrent,
}
