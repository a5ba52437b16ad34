"""`make bench-memory`: what each process of the site holds, idle and at work, and its start.

Proportional set sizes: a page that several processes share counts for each by its share, so that
the sum is what the machine would have free without the site.
"""

import argparse
import contextlib
import json
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil

from jobsite.jobs.processes import family, memory_mb
from tests.support.running_site import Site

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "jobsite.settings",
    "DOWNLOAD_LISTEN": "127.0.0.1:0",
    "DOWNLOAD_DHT": "0",
}
PEOPLE = (
    "from django.contrib.auth import get_user_model; "
    "get_user_model().objects.create_user('ann', password='ann-secret-1')"
)
ROWS, LIMIT = 20_000, 60
Table = list[tuple[str, float]]


def table(rows: int) -> bytes:
    """A table of five numbers, a category and two classes."""
    chance = np.random.default_rng(0)
    numbers = chance.normal(size=(rows, 5)).round(4)
    words = chance.choice(list("abcdefgh"), rows)
    labels = np.where(numbers[:, 0] + chance.normal(size=rows) > 0, "yes", "no")
    rows_of_text = zip(numbers, words, labels, strict=True)
    lines = (",".join([*map(str, row), word, label]) for row, word, label in rows_of_text)
    return "\n".join(["a,b,c,d,e,word,label", *lines]).encode()


def processes(site: Site) -> list[psutil.Process]:
    """The root and all below it."""
    assert site.process is not None
    return family(site.process.pid)


def weighed(site: Site) -> Table:
    """The name and the memory (MiB) of each process."""
    found = []
    for process in processes(site):
        with contextlib.suppress(psutil.Error):
            found.append((process.name(), memory_mb(process)))
    return found


def total(found: Table) -> float:
    """The sum of a table, in MiB."""
    return sum(megabytes for _, megabytes in found)


def show(title: str, found: Table) -> None:
    """Print a table."""
    print(f"\n{title}: {total(found):,.0f} MiB in {len(found)} processes")
    for name, megabytes in sorted(found, key=lambda one: -one[1]):
        print(f"  {name:<18}{megabytes:8.1f}")


def seconds_of_processor(site: Site) -> float:
    """What the processes that live have used, in seconds."""
    used = 0.0
    for process in processes(site):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def share_of_a_core(site: Site, seconds: float) -> float:
    """The share of a core that the site uses, in percent."""
    before = seconds_of_processor(site)
    time.sleep(seconds)
    return 100 * (seconds_of_processor(site) - before) / seconds


def until(is_so: Callable[[], object], began: float) -> float:
    """Wait; the seconds since the beginning."""
    while not is_so():
        time.sleep(0.02)
    return time.monotonic() - began


def answers(site: Site) -> bool:
    """Whether the site answers."""
    page = f"{site.url}/accounts/login/"
    with contextlib.suppress(OSError), urllib.request.urlopen(page) as answer:
        return answer.status == 200
    return False


def fits(site: Site) -> bool:
    """Whether a process fits a model."""
    for process in processes(site):
        with contextlib.suppress(psutil.Error):
            if process.name() == "training fits" and process.children():
                return True
    return False


def train(site: Site, token: str, rows: int, **choices: object) -> str:
    """Send a table and start a training; its address."""
    sent = site.upload("/api/v1/datasets/", token, "file", {"table.csv": table(rows)})
    wanted = {"dataset": sent["id"], "target": "label", **choices}
    status, job = site.call("POST", "/api/v1/training/", token, wanted)
    assert status == 202, job
    return f"/api/v1/training/{job['id']}/"


def followed(site: Site, token: str, address: str) -> Iterator[Table]:
    """The tables while a job runs."""
    while site.get(address, token)[1]["status"] in {"queued", "running"}:
        yield weighed(site)
        time.sleep(0.5)


@contextlib.contextmanager
def known_site(folder: Path) -> Iterator[tuple[Site, str]]:
    """A site that has run before, and the token of a person."""
    site = Site(folder, dict(ENVIRONMENT)).start()
    site.manage("shell", "--no-imports", "-c", PEOPLE)
    token = site.token("ann")
    site.stop()
    try:
        yield site, token
    finally:
        site.stop()


def main() -> None:
    """Print the tables and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for which it is watched idle")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, known_site(Path(name)) as (site, token):
        began = time.monotonic()
        site.start(wait=False)
        print(f"first page after {until(lambda: answers(site), began):.1f} s")
        first = train(site, token, 200, algorithms=["tree"], tune=False)
        print(f"first fit after {until(lambda: fits(site), began):.1f} s")
        for _ in followed(site, token, first):
            pass
        site.stop()
        site.start()
        print(f"idle: {share_of_a_core(site, options.seconds):.2f} % of a core")
        show("idle, cold", weighed(site))
        for _ in followed(site, token, train(site, token, 200, algorithms=["tree"], tune=False)):
            pass
        time.sleep(5)
        show("idle, warm", weighed(site))
        peak = max(followed(site, token, train(site, token, ROWS, time_limit=LIMIT)), key=total)
        show(f"peak of a training of {ROWS:,} rows in {LIMIT} s", peak)
        print(json.dumps({"load": psutil.getloadavg()[0]}))


if __name__ == "__main__":
    main()
