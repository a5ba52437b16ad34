"""How long the site takes to notice and mend, measured a few times and printed."""

import contextlib
import os
import signal
import sys
import time

import psutil
import pytest

from jobsite.jobs.models.worker import Worker
from tests.chaos.freezing import freeze
from tests.drill.jobs import fresh, run
from tests.drill.models import Drill
from tests.support.frozen_writer import WRITER
from tests.support.running_site import Site
from tests.support.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.tree, pytest.mark.timeout(600)]

ON_SQLITE = pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="locks a SQLite file")
TIMES = int(os.environ.get("CHAOS_TIMES", "3"))


def started(job: Drill) -> dict:
    """What the job's child says of itself."""
    wait_until(lambda: "child" in fresh(job).board)
    return job.board


def worker_of(job: Drill) -> psutil.Process:
    return psutil.Process(Worker.objects.get(pk=job.worker_id).pid)


def seconds_until(condition, limit: float) -> float:
    began = time.monotonic()
    wait_until(condition, max(PATIENCE, 2 * limit), every=0.02)
    return time.monotonic() - began


def child_killed(site, owner) -> float:
    job = run(owner, ["helper", 60], ["sleep", 60])
    os.kill(started(job)["child"], signal.SIGKILL)
    return seconds_until(lambda: fresh(job).status == "failed", 3)


def worker_tree_killed(site, owner) -> float:
    job = run(owner, ["helper", 60], ["sleep", 5])
    started(job)
    worker = worker_of(job)
    for process in [worker, *worker.children(recursive=True)]:
        process.kill()
    return seconds_until(lambda: fresh(job).attempt == 2, 40)


def cluster_wedged(site, owner) -> float:
    """The pusher stopped: nothing reaches the workers any more, and all processes live."""
    freeze(site.parts()["drill"].children(recursive=True))
    job = run(owner, ["progress", 1])
    return seconds_until(lambda: fresh(job).status == "succeeded", 20)


def writer_frozen(site, owner) -> float:
    """A process that stops with SQLite's write lock in its hand stops all who want to write."""
    process = psutil.Popen([sys.executable, "-c", WRITER, site.database, "BEGIN IMMEDIATE"])
    try:
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        return seconds_until(lambda: process.poll() is not None, 25)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
        process.wait(PATIENCE)


def orphans_after_root_killed(site, owner) -> float:
    job = run(owner, ["helper", 60], ["sleep", 60])
    board = started(job)
    left = [psutil.Process(board["child"]), psutil.Process(board["helper"]), worker_of(job)]
    site.process.kill()
    site.process.wait()
    taken = seconds_until(lambda: not any(is_there(process) for process in left), 10)
    site.start()
    job.cancel()
    wait_until(lambda: not fresh(job).is_active)
    return taken


def is_there(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != "zombie"


@pytest.mark.parametrize(
    ("fault", "limit"),
    [
        (child_killed, 3),
        (worker_tree_killed, 40),
        (cluster_wedged, 20),
        pytest.param(writer_frozen, 25, marks=ON_SQLITE),
        (orphans_after_root_killed, 10),
    ],
)
def test_what_breaks_is_mended_in_time(tmp_path, point_at, fault, limit):
    site = Site(tmp_path).start()
    try:
        with point_at(site) as owner:
            taken = [fault(site, owner) for _ in range(TIMES)]
    finally:
        site.stop()
    print(f"{fault.__name__}: {', '.join(f'{t:.1f}' for t in taken)} s (limit {limit} s)")
    assert max(taken) <= limit
