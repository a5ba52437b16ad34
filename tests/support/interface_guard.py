"""One side of a VPN and of the line of a house, in network namespaces; for test_interface.py.

Run in a namespace of its own: it makes a second one, joined by two pairs of devices, `vpn0` and
`house0`, and lets the engine fetch through `vpn0` alone, or through a proxy at its far end, while
the way of the house is open, too. Prints one JSON document.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from downloads.rate_limits import Speed, Speeds
from downloads.session.proxy import Proxy
from jobsite.jobs.networks import PRIVATE_NETWORKS
from tests.support.torrent_peers import Client, Seeded

QUIET = 12.0
Outlet = tuple[dict[str, Any], Callable[[str], None]]
"""Options of the session, and a function that switches `up` or `down`."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def sent(device: str) -> int:
    """Packets that have left by a device."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, numbers = line.strip().partition(":")
        if name == device:
            return int(numbers.split()[9])
    raise LookupError(device)


def main(folder: Path, way: str) -> dict[str, object]:
    """Return what was said, and how many packets left by the wrong device."""
    other = subprocess.Popen(["unshare", "-n", "sleep", "300"])
    try:
        return _between(folder, other.pid, WAYS[way])
    finally:
        other.kill()
        other.wait()


def _between(folder: Path, pid: int, way: Any) -> dict[str, object]:
    inside = ["nsenter", "-t", str(pid), "-n"]
    time.sleep(0.5)  # until it is in its namespace; unshare tells nobody
    for name, net in (("vpn", "10.9.0"), ("house", "10.8.0")):
        ip("link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1", "netns", str(pid))
        ip("addr", "add", f"{net}.1/24", "dev", f"{name}0")
        # Else the kernel itself sends: it looks for neighbours and routers of IPv6.
        ip("link", "set", f"{name}0", "addrgenmode", "none")
        ip("link", "set", f"{name}0", "up")
        subprocess.run([*inside, "ip", "addr", "add", f"{net}.2/24", "dev", f"{name}1"], check=True)
        subprocess.run([*inside, "ip", "link", "set", f"{name}1", "up"], check=True)
    subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
    subprocess.run([*inside, "ip", "route", "add", "default", "via", "10.8.0.1"], check=True)
    ip("link", "set", "lo", "up")
    # When the VPN is down, its peers could be reached by the line of the house.
    ip("route", "add", "default", "via", "10.8.0.2")
    words = [sys.executable, "-m", "downloads.seeder", str(folder / "film")]
    words = [*inside, *words, "--host", "0.0.0.0", "--port", "7000"]
    seeder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert seeder.stdout is not None
        [seeded] = [Seeded(**one) for one in json.loads(seeder.stdout.readline())]
        with way(inside) as (options, switch):
            return _fetch(folder, seeded, options, switch)
    finally:
        seeder.kill()
        seeder.wait()


@contextlib.contextmanager
def through_device(inside: list[str]) -> Iterator[Outlet]:
    """The VPN's device, and how it is switched off and on."""
    yield {"interface": "vpn0"}, lambda state: ip("link", "set", "vpn0", state)


@contextlib.contextmanager
def through_proxy(inside: list[str]) -> Iterator[Outlet]:
    """A proxy with a password at the far end of the VPN, and how it is switched off and on."""
    proxy = Proxy("socks5", "10.9.0.2", 1080, "ann", "secret")
    words = ["-m", "tests.support.socks_proxy", proxy.host, str(proxy.port), "ann", "secret"]
    running: list[Any] = []

    def switch(state: str) -> None:
        while running:
            with running.pop() as process:
                process.kill()
        if state == "up":
            call = [*inside, sys.executable, *words]
            running.append(subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            running[0].stdout.readline()

    switch("up")
    # The names of nodes would be looked up beside the proxy.
    nodes = ("router.bittorrent.com:6881", "10.8.0.2:7002")
    try:
        options = {"listen": "0.0.0.0:0", "proxy": proxy, "dht": True, "bootstrap": nodes}
        yield options, switch
    finally:
        switch("down")


WAYS = {"device": through_device, "proxy": through_proxy}


def _fetch(
    folder: Path, seeded: Seeded, options: dict[str, Any], switch: Callable[[str], None]
) -> dict[str, object]:
    trackers = ["http://10.8.0.2:7001/announce", "udp://10.9.0.2:7001"]
    if "proxy" in options:  # which looks names up
        trackers += ["http://of.a.name:7001/announce", "udp://of.a.name:7001"]
    peers = ("10.9.0.2:7000", "10.8.0.2:7000")
    link = replace(seeded.link, peers=peers, trackers=tuple(trackers))
    before = sent("house0")
    client = Client(folder / "client", options={**options, "allowed_networks": PRIVATE_NETWORKS})
    client.reconciler.limit(Speeds(Speed(down=300_000)))
    key = link.key
    try:
        client.want(link)
        client.until(lambda me: key in me.seen and me.seen[key].done > 300_000)
        by_the_house = sent("house0") - before
        switch("down")
        client.until(lambda me: "nothing is sent" in me.reason(key))
        reason, stood, end = client.reason(key), client.seen[key].done, time.monotonic() + QUIET
        while time.monotonic() < end:
            client.reconciler._engine.session.ask_for_peers(key)
            client.tick()
        leaked = sent("house0") - before - by_the_house
        switch("up")
        client.until(lambda me: me.seen[key].done > stood + 300_000)
        return {"reason": reason, "leaked": leaked, "by the house": by_the_house}
    finally:
        client.reconciler.stop(5)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
