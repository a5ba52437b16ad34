"""Images: processes from which the children of jobs are forked, started and ended on demand."""

import os
import signal
import time

import psutil
import pytest

from downloads.models.download import Download
from downloads.models.engine import Engine
from jobsite.jobs import pid_files
from jobsite.jobs.execution import images
from jobsite.jobs.server.part import Part
from jobsite.jobs.server.tree import Tree
from tests.drill.jobs import board, finish, run
from tests.support.processes import is_gone
from tests.support.running_site import Site
from tests.support.waiting import PATIENCE, wait_until


@pytest.fixture
def drill_image(settings, tmp_path):
    """The image of the drills, as the root starts it once it is asked."""
    settings.RUN_DIR = tmp_path
    settings.SETTINGS_MODULE = "tests.support.settings"
    [image] = images.make(["drill"])
    part = Part("image-drill", image.run, keeps=image.far, is_wanted=image.is_asked)
    yield part
    if part.process is not None:
        part.kill()
    for end in (image.near, image.far):
        end.close()
    images.IMAGES.clear()


def fork(call: str, *arguments: object, descriptors: list[int] | None = None):
    return images.ForkedProcess("drill", call, arguments, descriptors or [])


def test_an_image_is_started_once_it_is_asked(drill_image):
    assert not drill_image.is_due()
    images.warm("drill")
    assert drill_image.is_due()


def test_asking_an_image_that_nobody_starts_holds_nobody_up(drill_image):
    for _ in range(10_000):
        images.warm("drill")
    images.warm("unknown")


def test_forks_do_what_they_are_asked_and_their_ends_are_told(drill_image):
    end, other = os.pipe()
    said = fork("tests.support.image_work.say", "hello", descriptors=[other])
    failed = fork("tests.support.image_work.fail")
    exited = fork("tests.support.image_work.leave", 3)
    os.close(other)
    assert said.poll() is None
    assert said.pid is None
    drill_image.start()
    assert (said.wait(PATIENCE), failed.wait(PATIENCE), exited.wait(PATIENCE)) == (0, 1, 3)
    assert os.read(end, 100) == f"hello from {said.pid}".encode()
    os.close(end)


def test_a_fork_leads_a_group_and_is_ended_with_it(drill_image):
    process = fork("tests.support.image_work.sleep", 600)
    drill_image.start()
    wait_until(lambda: process.poll() is None and process.pid)
    assert os.getsid(process.pid) == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == -signal.SIGTERM
    assert psutil.pid_exists(process.pid), "nobody else gets its number meanwhile"
    process.close()
    wait_until(lambda: not psutil.pid_exists(process.pid))


def test_a_fork_whose_asker_is_gone_is_killed(drill_image):
    process = fork("tests.support.image_work.sleep", 600)
    drill_image.start()
    wait_until(lambda: process.poll() is None and process.pid)
    process.close()
    wait_until(lambda: not psutil.pid_exists(process.pid))


def test_a_fork_that_is_ended_before_it_is_there_never_is(drill_image):
    end, other = os.pipe()
    process = fork("tests.support.image_work.say", "too late", descriptors=[other])
    os.close(other)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == -signal.SIGTERM
    drill_image.start()
    assert os.read(end, 100) == b""
    os.close(end)


def test_forks_die_with_their_image(drill_image):
    process = fork("tests.support.image_work.sleep", 600)
    drill_image.start()
    wait_until(lambda: process.poll() is None and process.pid)
    drill_image.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert process.is_lost
    wait_until(lambda: is_gone(process.pid))


def test_an_image_that_cannot_start_refuses_instead_of_letting_wait(drill_image, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "nowhere")
    images.settings.SETTINGS_MODULE = "nowhere"
    process = fork("tests.support.image_work.sleep", 600)
    drill_image.start()
    assert process.wait(PATIENCE) == 1
    wait_until(drill_image.has_died)
    assert drill_image.exit_status == 1


def test_a_part_on_demand_that_has_ended_waits_to_be_wanted_again(settings, tmp_path):
    settings.RUN_DIR = tmp_path
    wanted, said = [True], []
    part = Part("on-demand", lambda: None, is_wanted=lambda: bool(wanted))
    root = Tree([part], said.append)
    part.start()
    wanted.clear()
    wait_until(part.has_finished)
    root.tend()
    assert part.process is None
    assert said == []
    assert not pid_files.file_of("on-demand").exists()
    assert not part.is_due()
    wanted.append(True)
    assert part.is_due()


# --- on a real tree ---


@pytest.mark.tree
@pytest.mark.xdist_group("idle")
def test_what_nothing_needs_ends_and_is_there_again_once_it_is_needed(tmp_path, point_at):
    site = Site(tmp_path, {"JOBSITE_IDLE_SECONDS": "2"}).start()
    try:
        with point_at(site) as owner:
            assert not Engine.objects.exists()
            assert finish(run(owner)).status == "succeeded"
            first = site.parts()["image-drill"]
            wait_until(lambda: "image-drill" not in site.parts())
            assert is_gone(first.pid)
            assert finish(run(owner)).status == "succeeded"
            link = f"magnet:?xt=urn:btih:{'1' * 40}"
            site.manage("download", link, "--user", owner.username)
            engine = wait_until(lambda: Engine.objects.filter(status="running").first())
            Download.objects.get().cancel()
            wait_until(lambda: not Engine.objects.filter(status="running").exists())
            engine.refresh_from_db()
            assert (engine.status, engine.error) == ("succeeded", "")
            site.manage("download", link.replace("1", "2"), "--user", owner.username)
            wait_until(lambda: Engine.objects.filter(status="running").exists())
            assert "is started again" not in site.log
    finally:
        site.stop()


@pytest.mark.tree
@pytest.mark.xdist_group("tree")
def test_jobs_survive_the_death_of_their_image(site, owner):
    jobs = [run(owner, ["helper", 300], ["sleep", 300]) for _ in range(2)]
    first = [wait_until(lambda job=job: board(job)) for job in jobs]
    image = site.parts()["image-drill"]
    assert image.num_threads() == 1
    image.kill()
    second = [
        wait_until(lambda job=job, old=old: board(job)["child"] != old["child"] and board(job))
        for job, old in zip(jobs, first, strict=True)
    ]
    for job, old, new in zip(jobs, first, second, strict=True):
        wait_until(lambda old=old: is_gone(old["child"]) and is_gone(old["helper"]))
        assert psutil.pid_exists(new["child"])
        assert (job.attempt, job.losses, job.deaths) == (2, 1, 0)
        job.cancel()
        assert finish(job).status == "cancelled"
    assert site.parts()["image-drill"].pid != image.pid


@pytest.mark.tree
@pytest.mark.xdist_group("tree")
def test_a_job_that_is_cancelled_leaves_its_image_alone(site, owner):
    job = run(owner, ["helper", 300], ["sleep", 300])
    child = wait_until(lambda: board(job))["child"]
    image = site.parts()["image-drill"]
    assert psutil.Process(child).ppid() == image.pid
    began = time.monotonic()
    job.cancel()
    assert finish(job).status == "cancelled"
    wait_until(lambda: not psutil.pid_exists(child), PATIENCE - (time.monotonic() - began))
    assert image.is_running()
