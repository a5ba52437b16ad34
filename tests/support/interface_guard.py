"""One side of a VPN and of the line of a house, in network namespaces; for test_interface.py.

Run in a namespace of its own: it makes a second one, joined by two pairs of devices, `vpn0` and
`house0`, and lets the engine fetch through `vpn0` alone, while the way of the house is open, too.
Prints one JSON document.
"""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from downloads.rate_limits import Speed, Speeds
from jobsite.jobs.networks import PRIVATE_NETWORKS
from tests.support.torrent_peers import Client, Seeded

QUIET = 12.0


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def sent(device: str) -> int:
    """Packets that have left by a device."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, numbers = line.strip().partition(":")
        if name == device:
            return int(numbers.split()[9])
    raise LookupError(device)


def main(folder: Path) -> dict[str, object]:
    """Return what was said, and how many packets left by the wrong device."""
    other = subprocess.Popen(["unshare", "-n", "sleep", "300"])
    try:
        return _between(folder, other.pid)
    finally:
        other.kill()
        other.wait()


def _between(folder: Path, pid: int) -> dict[str, object]:
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
        return _fetch(folder, seeded)
    finally:
        seeder.kill()
        seeder.wait()


def _fetch(folder: Path, seeded: Seeded) -> dict[str, object]:
    link = replace(
        seeded.link,
        peers=("10.9.0.2:7000", "10.8.0.2:7000"),
        trackers=("http://10.8.0.2:7001/announce", "udp://10.9.0.2:7001"),
    )
    client = Client(folder / "client", interface="vpn0", networks=PRIVATE_NETWORKS)
    client.reconciler.limit(Speeds(Speed(down=300_000)))
    key = link.key
    try:
        client.want(link)
        client.until(lambda me: key in me.seen and me.seen[key].done > 300_000)
        before = sent("house0")
        ip("link", "set", "vpn0", "down")
        client.until(lambda me: "is down: nothing is sent" in me.reason(key))
        reason, stood, end = client.reason(key), client.seen[key].done, time.monotonic() + QUIET
        while time.monotonic() < end:
            client.reconciler._engine.session.ask_for_peers(key)
            client.tick()
        leaked = sent("house0") - before
        ip("link", "set", "vpn0", "up")
        client.until(lambda me: me.seen[key].done > stood + 300_000)
        return {"reason": reason, "leaked": leaked, "by the house": before}
    finally:
        client.reconciler.stop(5)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
