"""`make bench-web`: how quickly the site answers while its workers are busy, on one line each.

A real `manage.py up` is measured over HTTP: submitting training jobs and links while a training
runs, the polled fragment, and the time from a submission to its worker.
"""

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tests.support.running_site import Site
from tests.support.waiting import wait_until

REPEATS = 40
TABLE = "x,y,z,label\n" + "".join(f"{n % 17},{n * 7 % 23},{n % 5},{n % 2}\n" for n in range(20_000))


def timed(action: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Milliseconds of each call, sorted."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def say(name: str, times: list[float], target: str) -> None:
    """One line of the table."""
    p95 = times[int(len(times) * 0.95) - 1] if len(times) > 1 else times[0]
    print(f"{name:<46} p50 {statistics.median(times):7.0f} ms   p95 {p95:7.0f} ms   ({target})")


def pick_up(site: Site, token: str, dataset: str) -> float:
    """Milliseconds from a submission on an idle site to its start."""
    _, job = site.call("POST", "/api/v1/training/", token, {"dataset": dataset, "target": "label"})
    path = f"/api/v1/training/{job['id']}/"
    started = wait_until(lambda: site.get(path, token)[1]["started_at"], 30)
    site.call("POST", path + "cancel/", token)
    wait_until(lambda: site.get(path, token)[1]["finished_at"], 30)
    span = datetime.fromisoformat(started) - datetime.fromisoformat(job["created_at"])
    return span.total_seconds() * 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(
            Path(folder), {"DJANGO_SETTINGS_MODULE": "jobsite.settings", "DOWNLOAD_DHT": "0"}
        )
        site.start()
        try:
            measure(site)
        finally:
            site.stop()


def measure(site: Site) -> None:
    """The figures, on a site that is up."""
    token = site.token("admin")

    def upload() -> dict:
        return site.upload("/api/v1/datasets/", token, "file", {"t.csv": TABLE.encode()})

    dataset = upload()["id"]
    say(
        "pick-up of a job on an idle site",
        sorted(pick_up(site, token, dataset) for _ in range(8)),
        "< 1000",
    )
    words = {"dataset": dataset, "target": "label"}
    _, busy = site.call("POST", "/api/v1/training/", token, words)
    wait_until(lambda: site.get(f"/api/v1/training/{busy['id']}/", token)[1]["status"] == "running")
    submit = timed(lambda: site.call("POST", "/api/v1/training/", token, words))
    say("submit a training while one runs", submit, "p95 < 200")
    say(
        "upload a table of 200 kB while one runs",
        timed(upload, 10),
        "p95 < 200",
    )
    status = timed(lambda: site.get(f"/api/v1/training/{busy['id']}/", token))
    say("status of the running training", status, "p95 < 200")
    links = [uuid.uuid4().hex + "00000000" for _ in range(1000)]
    many = timed(lambda: site.call("POST", "/api/v1/downloads/", token, {"links": links}), 1)
    say("submit 1,000 links at once", many, "< 2000")
    one = timed(
        lambda: site.call(
            "POST", "/api/v1/downloads/", token, {"links": uuid.uuid4().hex + "0" * 8}
        )
    )
    say("submit one link beside 1,000", one, "p95 < 200")


if __name__ == "__main__":
    main()
