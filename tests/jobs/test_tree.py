"""The job core against a real `manage.py up`: outcomes, cancel, kills, recovery and stop."""

import json
import os
import signal
import time

import psutil
import pytest
from django.utils import timezone

from jobsite.jobs.models.notification import Channel
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from tests.drill.jobs import board, finish, reach, run
from tests.drill.models import Drill, Voyage
from tests.support.processes import is_gone
from tests.support.receiver import listening
from tests.support.running_site import Site
from tests.support.waiting import promised, wait_until

pytestmark = [pytest.mark.tree, pytest.mark.xdist_group("tree")]


def test_a_job_runs_reports_and_leaves_its_result_and_files(site, owner):
    job = run(
        owner,
        ["progress", 0.4],
        ["event", "half way"],
        ["board", {"rows": 3}],
        ["write", "model.txt"],
    )
    finish(job)
    assert (job.status, job.progress, job.error) == ("succeeded", 1.0, "")
    assert job.board == {"rows": 3}
    assert job.result["nan"] is None
    assert job.started_at >= job.created_at
    # The tree has its own data folder; the path below it is the same.
    artifact = site.folder / "data" / "drill" / str(job.pk) / "result" / "model.txt"
    wait_until(artifact.exists)  # published a moment after the row says that it succeeded
    assert artifact.read_text() == "attempt 1"
    texts = [event.text for event in job.events]
    assert texts == ["Queued.", "Started (attempt 1).", "half way", "Finished."]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (["fail", "There is no column named 'x'."], "There is no column named 'x'."),
        (["raise", "boom"], "did not foresee (KeyError: 'boom')"),
        (["exit", 3], "without a result (exit status 3)"),
    ],
)
def test_a_child_that_ends_badly_fails_its_job_with_a_sentence(site, owner, step, sentence):
    job = finish(run(owner, step))
    assert job.status == "failed"
    assert sentence in job.error
    assert job.losses == 0


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (signal.SIGKILL, "ended from outside (SIGKILL)"),
        (signal.SIGSEGV, "crashed (SIGSEGV)"),
        (signal.SIGTERM, "ended from outside (SIGTERM)"),
    ],
)
def test_a_child_that_is_killed_twice_fails_its_job(site, owner, number, sentence):
    job = finish(run(owner, ["die", number]))
    assert job.status == "failed"
    assert sentence in job.error
    assert (job.attempt, job.losses) == (2, 1)
    [line] = [event for event in job.events if event.level == "warning"]
    assert line.attempt == 1
    assert number.name in line.text


def test_a_job_whose_child_is_killed_runs_again(site, owner):
    job = run(owner, ["helper", 300], ["sleep", 300])
    first = wait_until(lambda: board(job))
    os.kill(first["child"], signal.SIGKILL)
    second = wait_until(lambda: board(job)["child"] != first["child"] and board(job))
    assert not is_gone(second["child"])
    reach(job, "running")
    assert (job.attempt, job.losses) == (2, 1)
    job.cancel()
    assert finish(job).status == "cancelled"


def test_the_worker_lives_on_after_its_children_crash(site, owner):
    workers = Worker.objects.filter(cluster="drill")
    wait_until(lambda: workers.count() == 2)
    before = set(workers.values_list("pid", flat=True))
    jobs = [run(owner, ["die", signal.SIGKILL]) for _ in range(6)]
    for job in jobs:
        assert finish(job).status == "failed"
    assert set(workers.values_list("pid", flat=True)) == before


def test_cancel_ends_everything_the_job_started(site, owner):
    job = run(owner, ["deaf", 0], ["helper", 300], ["sleep", 300])
    pids = wait_until(lambda: board(job))
    asked = time.monotonic()
    assert job.cancel()
    finish(job)
    wait_until(lambda: is_gone(pids["child"]) and is_gone(pids["helper"]))
    assert time.monotonic() - asked < promised(4)  # deaf to SIGTERM, so the grace of 1 s is used up
    assert (job.status, job.error) == ("cancelled", "")


def test_a_job_past_its_time_limit_is_stopped_with_the_limit_named(site, owner):
    job = finish(run(owner, ["sleep", 300], time_limit=1))
    assert job.status == "failed"
    assert "limit of 1 s" in job.error


def test_a_job_past_its_memory_limit_is_stopped_with_the_numbers(site, owner):
    job = finish(run(owner, ["memory", 400], ["sleep", 300], memory_mb=200))
    assert job.status == "failed"
    assert "its limit is 200 MB" in job.error


def test_a_worker_that_is_killed_loses_its_job_to_the_next_attempt(site, owner):
    job = run(owner, ["helper", 300], ["sleep", 300])
    first = wait_until(lambda: board(job))
    reach(job, "running")
    os.kill(Worker.objects.get(pk=job.worker_id).pid, signal.SIGKILL)
    wait_until(lambda: is_gone(first["child"]) and is_gone(first["helper"]), promised(3))
    wait_until(lambda: (job.refresh_from_db() or job.attempt) == 2, promised(40))
    second = wait_until(lambda: board(job)["child"] != first["child"] and board(job))
    assert job.losses == 1
    job.cancel()
    finish(job)
    wait_until(lambda: is_gone(second["child"]))


@pytest.mark.parametrize("part", ["drill", "housekeeping", "web"])
def test_a_part_of_the_tree_that_is_killed_comes_back_and_work_goes_on(site, owner, part):
    old = site.parts()[part]
    os.kill(old.pid, signal.SIGKILL)
    wait_until(lambda: site.parts().get(part, old).pid != old.pid)
    wait_until(site.is_ready)
    assert "was killed (SIGKILL)" in site.log
    assert finish(run(owner, ["progress", 1])).status == "succeeded"


def test_a_cluster_that_is_stuck_is_restarted_without_help(site, owner):
    """An idle worker that dies holding the queue's lock stops django-q2 for good."""
    for worker in Worker.objects.filter(cluster="drill"):
        if not worker.is_gone:  # rows of the dead stay for a moment
            os.kill(worker.pid, signal.SIGKILL)
    jobs = [run(owner, ["progress", 1]) for _ in range(3)]
    for job in jobs:
        assert finish(job).status == "succeeded"


@pytest.fixture
def temporary(tmp_path):
    """A folder for the temporary files of a tree."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def short_lived(tmp_path, temporary):
    """A tree of its own, for tests that end it."""
    site = Site(tmp_path, {"TMPDIR": str(temporary)}).start()
    yield site
    site.stop()


def test_stop_saves_what_can_be_saved_and_requeues_the_rest(short_lived, point_at, temporary):
    with point_at(short_lived) as owner:
        plain = run(owner, ["helper", 300], ["sleep", 300])
        script = [["board", {"at": "sea"}], ["sleep", 300], ["saved", 0]]
        voyage = Voyage(owner=owner, name="v", script=script)
        submit(voyage)
        wait_until(lambda: board(voyage))
        pids = wait_until(lambda: board(plain))
        tree = psutil.Process(short_lived.process.pid).children(recursive=True)
        assert len(tree) > 10
        began = time.monotonic()
        assert short_lived.stop() == 0
        assert time.monotonic() - began < promised(20)
        assert all(is_gone(process.pid) for process in tree)
        assert is_gone(pids["child"])
        plain.refresh_from_db()
        voyage.refresh_from_db()
        assert [plain.status, voyage.status] == ["queued", "queued"]
        assert [plain.losses, voyage.losses] == [0, 0]
        assert voyage.board == {"saved": True}
        assert list(temporary.iterdir()) == []


def test_after_kill_9_of_the_root_a_new_start_takes_everything_over(
    short_lived, point_at, temporary
):
    with point_at(short_lived) as owner:
        job = run(owner, ["helper", 300], ["sleep", 300])
        first = wait_until(lambda: board(job))
        old = psutil.Process(short_lived.process.pid).children(recursive=True)
        os.kill(short_lived.process.pid, signal.SIGKILL)
        short_lived.process.wait()
        short_lived.start()
        wait_until(lambda: all(is_gone(process.pid) for process in old), promised(10))
        assert is_gone(first["child"])
        wait_until(lambda: board(job)["child"] != first["child"])
        assert job.attempt == 2
        assert len(list(temporary.glob("jobsite-*"))) == 1, "that of the killed tree is gone"


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(site):
    second = site.manage("up")
    assert second.returncode == 1
    assert "The site runs already on the data folder" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_real_site_tells_of_a_real_end(site, owner):
    with listening((500, {})) as server:
        channel = Channel.objects.create(owner=owner, method="webhook", url=server.url)
        job = Drill(owner=owner, name="told", script=[["progress", 1]])
        submit(job)
        wait_until(lambda: channel.deliveries.filter(tries=1).exclude(answer="").exists())
        channel.deliveries.update(due_at=timezone.now())
        wait_until(lambda: channel.deliveries.filter(state="delivered").exists())
        ids = [json.loads(body)["id"] for _, body in server.came]
        assert ids == [str(job.pk)] * 2
