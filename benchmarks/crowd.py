"""`make bench-crowd`: a person who clicks, beside crowds that want the web threads for themselves.

A real `manage.py up` is tried with one crowd after the other, each for `--seconds`, while a person
opens the dashboard and a monitor asks whether the site is alive, over and over. The table shows
the times of both. `--only NAME` takes one crowd.
"""

import argparse
import contextlib
import socket
import statistics
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.support.running_site import Site
from tests.support.signed_in import SignedIn
from tests.support.workbooks import workbook

PASSWORD = "crowd-secret-1"
ROWS = 100_000
LEAVES_WITHIN = 120.0  # seconds
LASTS = 30.0  # seconds that a slow caller stays
POLL_EVERY = 2.0  # seconds
MEBI = 2**20
Work = Callable[[], object]


def add_table(site: Site, token: str, name: str, data: bytes) -> str:
    """Upload a table over the API; return its id."""
    return str(site.upload("/api/v1/datasets/", token, "file", {name: data})["id"])


def slow_reader(site: Site, token: str, table: str) -> Work:
    """Read a large file at 200 kB/s."""

    def read() -> None:
        with socket.create_connection(("127.0.0.1", site.port), timeout=60) as line:
            line.sendall(
                f"GET /api/v1/datasets/{table}/file/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
                f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
            )
            until = time.monotonic() + LASTS
            while line.recv(20_000) and time.monotonic() < until:
                time.sleep(0.1)

    return read


def slow_body(site: Site) -> Work:
    """Send a byte of a body every five seconds."""

    def send() -> None:
        with socket.create_connection(("127.0.0.1", site.port), timeout=60) as line:
            line.sendall(
                f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 1000\r\n\r\n".encode()
            )
            for _ in range(int(LASTS / 5)):
                time.sleep(5)
                line.sendall(b"a")

    return send


def wrong_sign_in(site: Site) -> Work:
    """Try a made-up name at the programs' door, which needs no form."""

    def attempt() -> None:
        fields = {"username": uuid.uuid4().hex, "password": uuid.uuid4().hex}
        body = urllib.parse.urlencode(fields).encode()
        urllib.request.urlopen(f"{site.url}/api/v2/auth/login", body, timeout=60).read()

    return attempt


class Crowd:
    """Threads that do the same thing until the time is over."""

    def __init__(self, number: int, work: Work) -> None:
        self.number, self.work = number, work
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> None:
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(self.number)]
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        """End the crowd, so that it is not in the way of the next one."""
        self.over.set()
        until = time.monotonic() + LEAVES_WITHIN
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))

    def run(self) -> None:
        """Work, and do not mind being refused."""
        while not self.over.is_set():
            with contextlib.suppress(OSError, urllib.error.URLError):
                self.work()
            time.sleep(0.01)


def clicks(person: SignedIn, path: str, seconds: float) -> list[float]:
    """Open a page over and over; return the milliseconds of each time, sorted."""
    times, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        with contextlib.suppress(OSError):
            person.get(path)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.1)
    return sorted(times)


def shown(times: list[float]) -> str:
    """Return median, 95th percentile and maximum in milliseconds."""
    return f"{statistics.median(times):8.0f} {times[int(len(times) * 0.95)]:8.0f} {times[-1]:8.0f}"


def beside(site: Site, person: SignedIn, crowd: Crowd, seconds: float) -> tuple[str, str]:
    """Return the times of the dashboard and of the monitor beside a crowd."""
    alive: list[float] = []
    monitor = threading.Thread(
        target=lambda: alive.extend(clicks(person, "/health/live", seconds)), daemon=True
    )
    with crowd:
        time.sleep(1)
        monitor.start()
        pages = clicks(person, "/", seconds)
        monitor.join()
    return shown(pages), shown(alive)


def main() -> None:
    """Measure each crowd and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(
            Path(folder), {"DJANGO_SETTINGS_MODULE": "jobsite.settings", "DOWNLOAD_DHT": "0"}
        )
        site.start()
        try:
            measure(site, chosen.seconds, chosen.only)
        finally:
            site.stop()


def sign_up(site: Site, *names: str) -> None:
    """Make people of these names."""
    code = (
        "from django.contrib.auth import get_user_model as model\n"
        f"for name in {names!r}:\n"
        f"    model().objects.create_user(name, password={PASSWORD!r})"
    )
    site.manage("shell", "-c", code)


def measure(site: Site, seconds: float, only: str) -> None:
    """Print a line for each crowd."""
    names = [f"reader{number}" for number in range(4)]
    sign_up(site, "ann", *names)
    person, token = SignedIn(site.url, "ann", PASSWORD), site.token("ann")
    readers = [site.token(name) for name in names]
    line = b"1,2,3,4\n"
    large = b"a,b,c,d\n" + line * (100 * MEBI // len(line))
    tables = {one: add_table(site, one, "large.csv", large) for one in readers}
    rows = [[n, n * 7 % 23, n / 3, "word"] for n in range(ROWS)]
    book = workbook({"data": [["a", "b", "c", "d"], *rows]})
    five = b"a,b,c,d\n" + line * (5 * MEBI // len(line))
    turn = iter(range(10**9))

    def read_slowly() -> None:
        one = readers[next(turn) % len(readers)]
        slow_reader(site, one, tables[one])()

    def poll() -> None:
        person.get("/training/")
        time.sleep(POLL_EVERY)

    crowds: dict[str, tuple[int, Work]] = {
        "nobody": (0, lambda: None),
        "slow readers": (24, read_slowly),
        "slow bodies": (40, slow_body(site)),
        "pollers": (200, poll),
        "uploads of 5 MB": (100, lambda: add_table(site, token, "five.csv", five)),
        "workbooks": (24, lambda: add_table(site, token, "book.xlsx", book)),
        "wrong sign-ins": (16, wrong_sign_in(site)),
    }
    print(f"{'':26}dashboard, ms{'':20}/health/live, ms")
    print(f"{'crowd':<24}{'p50':>8} {'p95':>8} {'max':>8}   {'p50':>8} {'p95':>8} {'max':>8}")
    for name, (number, work) in crowds.items():
        if only in name:
            pages, alive = beside(site, person, Crowd(number, work), seconds)
            print(f"{f'{number} {name}':<24}{pages}   {alive}", flush=True)


if __name__ == "__main__":
    main()
