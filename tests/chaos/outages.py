"""What the site needs is taken away: the database, the disk, the right to write.

`make chaos` runs this. The outage of PostgreSQL takes a server that may be killed, which
`python -m tests.support.postgresql` starts.
"""

import os
import shutil
import subprocess
import time

import pytest
from django.db import DatabaseError, connection

from jobsite.jobs.models.job_event import JobEvent
from tests.drill.jobs import fresh, run
from tests.support.postgresql import Server
from tests.support.running_site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.tree, pytest.mark.timeout(600)]

MEBI = 2**20
OUTAGE = float(os.environ.get("CHAOS_OUTAGE", "60"))


@pytest.mark.skipif(Server.of_environment() is None, reason="needs a PostgreSQL server to kill")
def test_postgresql_killed_and_away_loses_no_job_and_repeats_none(tmp_path, point_at):
    server = Server.of_environment()
    assert server is not None
    site = Site(tmp_path).start()
    try:
        with point_at(site) as owner:
            ends_meanwhile = run(owner, ["write", "out"], ["progress", 0.1], ["sleep", OUTAGE / 3])
            outlives_it = run(owner, ["write", "out"], ["progress", 0.1], ["sleep", OUTAGE + 15])
            waits = [run(owner, ["write", "out"]) for _ in range(4)]
            running = [ends_meanwhile, outlives_it]
            wait_until(lambda: all(fresh(job).progress == 0.1 for job in running))
            server.kill()
            connection.close()
            time.sleep(OUTAGE)
            assert site.get("/health/live")[0] == 200
            assert site.get("/health/ready")[0] == 503
            server.start()
            back = time.monotonic()

            def answers():
                try:
                    return fresh(ends_meanwhile).status == "succeeded"
                except DatabaseError:
                    connection.close()
                    return False

            wait_until(answers)
            recorded = time.monotonic() - back
            jobs = [*running, *waits]
            wait_until(lambda: all(fresh(job).status == "succeeded" for job in jobs))
            assert {(job.attempt, job.losses) for job in jobs} == {(1, 0)}
            for job in jobs:
                assert JobEvent.objects.filter(job_id=job.pk, text="Finished.").count() == 1
                out = site.folder / "data/drill" / str(job.pk) / "result/out"
                wait_until(out.exists)  # put in place right after the row
            print(f"PostgreSQL away for {OUTAGE:.0f} s; recorded {recorded:.1f} s after its return")
    finally:
        site.stop()


@pytest.fixture
def small_disk(tmp_path):
    """A data folder on a file system of 256 MiB."""
    folder = tmp_path / "data"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_while_a_result_is_saved_is_a_sentence(small_disk, tmp_path, point_at):
    site = Site(tmp_path).start()
    try:
        with point_at(site) as owner:
            ballast = small_disk / "ballast"
            with ballast.open("wb") as file:
                while shutil.disk_usage(small_disk).free > 20 * MEBI:
                    file.write(bytes(MEBI))
                    file.flush()
            job = run(owner, ["fill", 60])
            wait_until(lambda: not fresh(job).is_active)
            assert (job.status, job.attempt) == ("failed", 1)
            assert job.error == "The disk is full. Free some space, then retry the job."
            after = run(owner, ["write", "out"])
            wait_until(lambda: fresh(after).status == "succeeded")
    finally:
        site.stop()


def test_a_data_folder_that_cannot_be_written_to_is_named_at_the_start(small_disk, tmp_path):
    site = Site(tmp_path)
    assert site.manage("check").returncode == 0  # makes what belongs there
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused = site.manage("up")
    assert refused.returncode != 0
    told = refused.stderr.strip().splitlines()[-1]
    assert f"The data folder {small_disk} cannot be written to" in told
    assert "set JOBSITE_DATA_DIR to another folder" in told
