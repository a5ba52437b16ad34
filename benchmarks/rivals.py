"""Other clients, each told to fetch .torrent files into a folder: seconds until all is whole."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.ports import free_port
from tests.waiting import wait_until

LONGEST = 180.0
Done = Callable[[Path], bool]

RAW = """
import sys, time
import libtorrent as lt
folder, *torrents = sys.argv[1:]
session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
    "enable_upnp": False, "enable_natpmp": False, "enable_outgoing_utp": False,
    "mixed_mode_algorithm": 0, "active_downloads": -1, "active_limit": -1,
    "connections_limit": 800, "connection_speed": 100, "allow_multiple_connections_per_ip": True,
})
began = time.perf_counter()
handles = []
for torrent in torrents:
    params = lt.load_torrent_file(torrent)
    params.save_path = folder
    handles.append(session.add_torrent(params))
while not all(handle.status().is_seeding for handle in handles):
    time.sleep(0.05)
print(time.perf_counter() - began)
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


def libtorrent(torrents: list[Path], folder: Path, done: Done) -> float:
    """A loop of 20 lines around libtorrent, TCP only."""
    folder.mkdir()
    words = [sys.executable, "-c", RAW, str(folder), *map(str, torrents)]
    return float(subprocess.run(words, capture_output=True, timeout=LONGEST, check=True).stdout)


def aria2(torrents: list[Path], folder: Path, done: Done) -> float:
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
    began = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, timeout=LONGEST, check=True)
    assert done(folder)
    return time.perf_counter() - began


def transmission(torrents: list[Path], folder: Path, done: Done) -> float:
    """transmission-daemon, which takes what lies in its watched folder."""
    watched, config = folder / "watched", folder / "config"
    for path in (watched, config):
        path.mkdir(parents=True)
    settings = {
        **{"bind-address-ipv4": "127.0.0.1", "dht-enabled": False, "lpd-enabled": False},
        **{"download-dir": str(folder), "download-queue-enabled": False, "utp-enabled": False},
        **{"peer-port": free_port(), "port-forwarding-enabled": False, "rpc-enabled": False},
        **{"watch-dir": str(watched), "watch-dir-enabled": True, "rename-partial-files": True},
    }
    (config / "settings.json").write_text(json.dumps(settings))
    for torrent in torrents:
        (watched / torrent.name).write_bytes(torrent.read_bytes())
    began = time.perf_counter()
    with running(["transmission-daemon", "-f", "-g", str(config)], folder):
        wait_until(lambda: done(folder), LONGEST)
        return time.perf_counter() - began


def qbittorrent(torrents: list[Path], folder: Path, done: Done) -> float:
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
    began = time.perf_counter()
    with running(words, folder):
        wait_until(lambda: done(folder), LONGEST)
        return time.perf_counter() - began


RIVALS = {
    "libtorrent over TCP": libtorrent,
    "aria2": aria2,
    "transmission": transmission,
    "qbittorrent-nox": qbittorrent,
}
