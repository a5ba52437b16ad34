"""Faults that take minutes: `make chaos` runs them, `make test` does not."""

import contextlib
import os
import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from django.db import connection

from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.worker import Worker
from tests.chaos.freezing import freeze
from tests.drill.jobs import fresh, run
from tests.drill.models import Drill
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.tree, pytest.mark.timeout(3600)]

RACES = int(os.environ.get("CHAOS_RACES", "500"))


def test_a_frozen_worker_that_wakes_up_late_writes_nothing(own_site, point_at):
    with point_at(own_site) as owner:
        job = run(owner, ["write", "out"], ["sleep", 8], ["progress", 0.5])
        wait_until(lambda: fresh(job).status == "running")
        worker = psutil.Process(Worker.objects.get(pk=job.worker_id).pid)
        frozen = [worker, *worker.children(recursive=True)]
        freeze(frozen)
        began = time.monotonic()
        wait_until(lambda: fresh(job).attempt == 2)
        taken_over = time.monotonic() - began
        wait_until(lambda: fresh(job).status == "succeeded")
        result = job.result
        for process in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        wait_until(lambda: not any(p.is_running() and p.status() != "zombie" for p in frozen[1:]))
        assert (fresh(job).attempt, job.status, job.result) == (2, "succeeded", result)
        assert JobEvent.objects.filter(job_id=job.pk, text="Finished.").count() == 1
        print(f"taken over {taken_over:.0f} s after the freeze")


def race(owner, delay: float | None) -> Drill:
    """A job that is cancelled so many seconds after it began; None: it runs to its end.

    It sleeps for longer than this process needs to see it begin, so that a cancel can be in time.
    """
    job = run(owner, ["sleep", 0.3])
    wait_until(lambda: fresh(job).status != "queued", every=0.005)
    if delay is not None:
        time.sleep(delay)
        job.cancel()
    wait_until(lambda: not fresh(job).is_active)
    return job


def races(owner, count: int) -> list[Drill]:
    """Aim cancels at the end that a first job shows: later after a hit, earlier after a miss."""
    whole = race(owner, None)
    delay, jobs = (whole.finished_at - whole.started_at).total_seconds(), []
    step = delay / 20
    for _ in range(count):
        jobs.append(race(owner, max(delay, 0)))
        delay += step if jobs[-1].status == "cancelled" else -step
    connection.close()
    return jobs


def test_cancel_races_with_the_end_and_one_of_them_wins(own_site, point_at):
    with point_at(own_site) as owner, ThreadPoolExecutor(2) as two:
        halves = [two.submit(races, owner, RACES // 2) for _ in range(2)]
        jobs = [job for half in halves for job in half.result()]
        for job in jobs:
            ends = JobEvent.objects.filter(job_id=job.pk, text__in=["Finished.", "Cancelled."])
            assert ends.count() == 1, [event.text for event in job.events]
        won = Counter(job.status for job in jobs)
        print(dict(won))
        assert won["succeeded"] > RACES / 10 and won["cancelled"] > RACES / 10, "no race"


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="locks a SQLite file")
def test_a_database_locked_for_15_seconds_loses_no_result(own_site, point_at):
    with point_at(own_site) as owner:
        jobs = [run(owner, ["sleep", 3], ["write", "out"]) for _ in range(2)]
        wait_until(lambda: all(fresh(job).status == "running" for job in jobs))
        lock = sqlite3.connect(own_site.database, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + 15
        while time.monotonic() < end:
            status, _ = own_site.get("/health/live")
            assert status == 200
            time.sleep(0.5)
        lock.execute("ROLLBACK")
        lock.close()
        wait_until(lambda: all(fresh(job).status == "succeeded" for job in jobs))
        assert [job.attempt for job in jobs] == [1, 1]


def test_twenty_restarts_under_load_lose_nothing(own_site, point_at):
    with point_at(own_site) as owner:
        jobs = []
        for _ in range(20):
            jobs += [run(owner, ["sleep", 0.5], ["write", "out"]) for _ in range(3)]
            began = time.monotonic()
            assert own_site.stop() == 0
            assert time.monotonic() - began < 20
            own_site.start()
        wait_until(lambda: all(not fresh(job).is_active for job in jobs))
        assert {job.status for job in jobs} == {"succeeded"}
        assert {job.losses for job in jobs} == {0}, "a clean stop uses up nothing"


def test_all_wake_ups_deleted_and_the_secret_rotated_every_job_starts(own_site, point_at):
    from django_q.models import OrmQ

    with point_at(own_site) as owner:
        own_site.stop()
        jobs = [run(owner, ["progress", 1]) for _ in range(10)]
        OrmQ.objects.all().delete()
        jobs += [run(owner, ["progress", 1]) for _ in range(5)]
        own_site.environment["JOBSITE_SECRET_KEY"] = "another-secret-" + "y" * 50
        own_site.start()
        wait_until(lambda: all(fresh(job).status == "succeeded" for job in jobs))
