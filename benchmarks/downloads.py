"""`make bench-downloads`: the download engine beside other clients, on loopback, in one run.

Each client gets the same .torrent files, finds the same seeder through the same tracker and is
measured from the moment it is told until it says that it is done. The site is measured from
outside: a real `manage.py up`, its API, the status of its rows. It says so only once all is on
disk; how long the kernel needs for that afterwards is printed for the others.
Clients that are not installed are named. Rounds alternate; the best of each client counts.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.arrival import Arrival
from benchmarks.host import HOST
from benchmarks.rivals import RIVALS, TCP
from jobsite.jobs.processes import family
from tests.support.running_site import Site
from tests.support.torrent_peers import Seeded, Tracker, seeder
from tests.support.waiting import wait_until

MIB = 2**20
LONGEST = 180.0
CALM = 0.2  # seconds of processor time in each second
Client = Callable[[list[Path], Path, Arrival], None]


@contextlib.contextmanager
def seeded(
    folder: Path, count: int, size: int, name: str = ""
) -> Iterator[tuple[list[Seeded], Path, Tracker]]:
    """So many files of random bytes, their seeder, a folder of .torrent files, and the tracker.

    `name`: what the names of the files begin with.
    """
    source, torrents = folder / "source", folder / "torrents"
    for path in (source, torrents):
        path.mkdir(parents=True)
    for number in range(count):
        with (source / f"{name}{number}.bin").open("wb") as file:
            for _ in range(size // MIB):
                file.write(os.urandom(MIB))
            os.fsync(file.fileno())  # else the first client waits for the disk to take this, too
    words = ["--host", HOST, "--each", "--torrents", str(torrents), "--tracker"]
    with Tracker(interval=10, host=HOST) as tracker, seeder(source, *words, tracker.url) as given:
        wait_until(lambda: len(tracker.peers) == count, 60)
        yield given, torrents, tracker


def send(site: Site, token: str, torrents: list[Path]) -> None:
    """Upload .torrent files in one request."""
    files = {path.name: path.read_bytes() for path in torrents}
    site.upload("/api/v1/downloads/", token, "torrents", files)


def count(site: Site, token: str, query: str) -> int:
    return site.get(f"/api/v1/downloads/?{query}", token)[1]["count"]


def is_calm(site: Site) -> bool:
    """Whether its processes have come to rest after the start, seen over a second."""
    before = used(site)
    time.sleep(1)
    return used(site) - before < CALM


def used(site: Site) -> float:
    """Seconds of processor time of all its processes."""
    assert site.process is not None
    total = 0.0
    for one in family(site.process.pid):
        with contextlib.suppress(psutil.Error):  # it has ended just now
            total += sum(one.cpu_times()[:2])
    return total


@contextlib.contextmanager
def site_in(folder: Path) -> Iterator[tuple[Site, str]]:
    """A fresh site that is ready, and a token."""
    folder.mkdir(parents=True)
    open_to = {"DOWNLOAD_LISTEN": f"{HOST}:0", "DOWNLOAD_ALLOWED_NETWORKS": f"{HOST}/32"}
    site = Site(folder, open_to).start()
    try:
        token = site.token("admin")
        wait_until(lambda: is_calm(site), LONGEST)
        yield site, token
    finally:
        site.stop()


def jobsite(torrents: list[Path], folder: Path, arrival: Arrival) -> None:
    """The site: from the request to the last row that has succeeded."""
    with site_in(folder) as (site, token):
        warm_up(site, token, folder / "first")
        arrival.begin(folder / "library")
        send(site, token, torrents)
        # Nothing is asked before there can be an answer: that would cost the site time.
        wait_until(arrival.is_all, LONGEST)
        whole = 1 + len(torrents)
        wait_until(lambda: count(site, token, "status=succeeded") == whole, LONGEST)
        arrival.end()


def warm_up(site: Site, token: str, folder: Path) -> None:
    """Let the site do something else first: it runs for months, and its first job is not measured.

    Web workers and the engine load part of their code when it is needed.
    """
    # Under a name of its own: what is measured must not find its name taken in the library.
    with seeded(folder, 1, MIB, "first-") as (_, home, _):
        send(site, token, sorted(home.glob("*.torrent")))
        wait_until(lambda: count(site, token, "status=succeeded") == 1, LONGEST)
    wait_until(lambda: is_calm(site), LONGEST)


def schedule(
    name: str, files: int, size: int, plan: argparse.Namespace, rival: str, most: float
) -> None:
    """All clients, round by round; their best times, and ours by that of the rival it is set."""
    rivals = {client: run for client, run in RIVALS.items() if client not in plan.without}
    clients: dict[str, Client] = {"jobsite": jobsite, **rivals}
    best: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as root,
        seeded(Path(root), files, size) as (given, home, tracker),
    ):
        torrents = sorted(home.glob("*.torrent"))
        seeders = {key: set(peers) for key, peers in tracker.peers.items()}
        # The seeder verifies each piece when it is first asked for; nobody is measured by that.
        RIVALS[TCP](torrents, Path(root) / "before", Arrival([one.name for one in given], size))
        for number in range(plan.rounds):
            for client, run in clients.items():
                folder = Path(root) / f"{client}-{number}"
                # Nobody is sent to the clients that ran before.
                tracker.peers = {key: set(peers) for key, peers in seeders.items()}
                arrival = Arrival([one.name for one in given], size)
                try:
                    run(torrents, folder, arrival)
                except FileNotFoundError as error:
                    print(f"  {client}: not installed ({error.filename})")
                    continue
                except (AssertionError, subprocess.TimeoutExpired):
                    print(f"  {client}: not done within {LONGEST:.0f} s")
                seconds = arrival.steps.get("done", LONGEST)
                best[client] = min(seconds, best.get(client, LONGEST))
                load = f"load {os.getloadavg()[0]:.1f}"
                print(f"  {name}, round {number + 1}, {client}: {arrival} ({load})", flush=True)
                shutil.rmtree(folder, ignore_errors=True)
                os.sync()  # nobody pays for what another has written
    print(f"{name}: " + ", ".join(f"{client} {best[client]:.1f} s" for client in best))
    if rival in best:
        print(f"  ours / {rival}: {best['jobsite'] / best[rival]:.2f} ({most})", flush=True)


def engine_of(site: Site) -> psutil.Process:
    """The process with the session."""
    assert site.process is not None
    tree = psutil.Process(site.process.pid).children(recursive=True)
    return next(one for one in tree if one.cmdline()[-1:] == ["downloads"])


def idle() -> None:
    """200 torrents that nobody seeds: memory and processor of the engine."""
    with tempfile.TemporaryDirectory() as root:
        with seeded(Path(root), 200, MIB) as (_, home, _):
            torrents = sorted(home.glob("*.torrent"))
        with site_in(Path(root) / "site") as (site, token):
            send(site, token, torrents)
            wait_until(lambda: count(site, token, "state=downloading") == 200, LONGEST)
            time.sleep(10)
            process = engine_of(site)
            busy = process.cpu_percent(20)
            memory = process.memory_info().rss / MIB
            load = f"load {os.getloadavg()[0]:.1f}"
            print(f"200 idle torrents: {memory:.0f} MiB (150), {busy:.1f} % of a core (2), {load}")


def links() -> None:
    """1,000 mixed lines in one request, then a live link behind 500 dead ones."""
    with tempfile.TemporaryDirectory() as root, site_in(Path(root) / "site") as (site, token):
        lines = [uuid.uuid4().hex + "0" * 8 for _ in range(950)]
        lines += [f"nonsense {number}" for number in range(50)]
        began = time.perf_counter()
        site.call("POST", "/api/v1/downloads/", token, {"links": lines})
        answered = time.perf_counter() - began
        wait_until(lambda: count(site, token, "state=metadata") == 950, 60)
        known = time.perf_counter() - began
        print(f"1,000 mixed lines: answered in {answered:.1f} s (2), known in {known:.1f} s (15)")
    with tempfile.TemporaryDirectory() as root, site_in(Path(root) / "site") as (site, token):
        dead = [uuid.uuid4().hex + "0" * 8 for _ in range(500)]
        site.call("POST", "/api/v1/downloads/", token, {"links": dead})
        wait_until(lambda: count(site, token, "state=metadata") == 500, 60)
        with seeded(Path(root) / "live", 1, MIB) as ([live], _, _):
            began = time.perf_counter()
            answer = site.call("POST", "/api/v1/downloads/", token, {"links": live.magnet})[1]
            path = f"/api/v1/downloads/{answer['added'][0]['id']}/"
            wait_until(lambda: site.get(path, token)[1]["done"], 60)
            print(f"a live link behind 500 dead: {time.perf_counter() - began:.1f} s (10)")


CASES: dict[str, Callable[[argparse.Namespace], None]] = {
    "big": lambda plan: schedule("1 GiB", 1, 1024 * MIB, plan, TCP, 1.05),
    "many": lambda plan: schedule("200 of 2 MiB", 200, 2 * MIB, plan, "aria2", 1.5),
    "idle": lambda plan: idle(),
    "links": lambda plan: links(),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.downloads")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], metavar="RIVAL")
    options = parser.parse_args()
    print(json.dumps({"load": os.getloadavg(), "cores": os.cpu_count(), "python": sys.version}))
    for name in options.cases or CASES:
        CASES[name](options)


if __name__ == "__main__":
    main()
