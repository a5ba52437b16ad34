"""A start that cannot be is refused in one sentence, before anything is changed."""

import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest

from jobsite.jobs import pid_files, processes
from jobsite.jobs.models import site_identity
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.monitoring.problems import problems
from jobsite.jobs.server import part as parts
from jobsite.jobs.server.part import Part
from jobsite.jobs.server.tree import Tree
from tests.support.ports import free_port
from tests.support.running_site import ROOT
from tests.support.starting import refusal, tables, up
from tests.support.waiting import PATIENCE, wait_until


@pytest.mark.tree
@pytest.mark.xdist_group("tree")
def test_a_second_start_changes_nothing(running_site, tmp_path) -> None:
    other = tmp_path / "other.sqlite3"
    said = refusal(running_site.folder / "data", DATABASE_URL=f"sqlite:///{other}")
    assert "The site runs already on the data folder" in said
    assert not other.exists() or tables(other) == []


def test_a_port_that_is_taken_is_named(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(tmp_path, JOBSITE_BIND=f"127.0.0.1:{port}")
    assert f"cannot listen at 127.0.0.1:{port}: Address already in use" in said
    assert not (tmp_path / "jobsite.sqlite3").exists()


def test_a_database_server_that_is_not_up_yet_is_waited_for(tmp_path) -> None:
    process = up(tmp_path, DATABASE_URL=f"postgres://jobsite@127.0.0.1:{free_port()}/jobsite")
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("Waiting for the database: ")
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=PATIENCE)


def test_another_sites_database_is_refused(tmp_path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    shared = f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    code = "from jobsite.jobs.models import site_identity; site_identity.claim()"
    for words in (["migrate", "--verbosity=0"], ["shell", "-c", code]):
        environment = {"JOBSITE_DATA_DIR": str(ours), "DATABASE_URL": shared}
        subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "jobsite.settings", **environment},
            check=True,
            timeout=PATIENCE,
        )
    said = refusal(theirs, DATABASE_URL=shared)
    assert "belongs to a site with another data folder" in said
    assert "manage.py up --adopt" in said


@pytest.mark.django_db
def test_folder_and_database_get_one_identity(settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    assert site_identity.conflict() == ""
    site_identity.claim()
    assert site_identity.of_folder() == site_identity.of_database() != ""
    assert site_identity.conflict() == ""
    site_identity.identity_file().unlink()
    assert "another data folder" in site_identity.conflict()
    site_identity.claim()  # as `--adopt` does
    assert site_identity.conflict() == ""


@pytest.mark.django_db
def test_processes_of_another_container_with_our_name_are_not_taken_for_dead() -> None:
    mine = Worker.of_this_process("drill")
    assert mine.is_here
    assert not mine.is_gone
    mine.born -= 1
    assert mine.is_gone
    mine.process_space = f"{processes.boot()}/1"
    assert not mine.is_gone


# --- the image from which the parts are forked ---


@pytest.mark.tree
@pytest.mark.xdist_group("tree")
def test_the_root_has_one_thread_and_no_connection(running_site) -> None:
    root = psutil.Process(running_site.process.pid)
    assert root.num_threads() == 1
    assert not [file.path for file in root.open_files() if "sqlite3" in file.path]
    assert not [one for one in root.net_connections() if one.status == "ESTABLISHED"]


@pytest.mark.tree
@pytest.mark.xdist_group("tree")
def test_parts_hold_nothing_that_must_end_with_the_root(running_site) -> None:
    parts = running_site.parts()
    assert {"web", "housekeeping", "drill", "training", "downloads"} <= parts.keys()
    for name, part in parts.items():
        assert part.ppid() == running_site.process.pid
        assert os.getpgid(part.pid) == os.getsid(part.pid) == part.pid
        assert not [file.path for file in part.open_files() if file.path.endswith("up.lock")], name
        listens = [one for one in part.net_connections() if one.status == "LISTEN"]
        assert bool(listens) == (name == "web")


def test_no_fork_beside_a_thread_or_with_a_connection() -> None:
    code = (
        "import django, threading; django.setup()\n"
        "from django.db import connection\n"
        "from jobsite.jobs.server import image\n"
        "image.check()\n"
        "def is_refused():\n"
        "    try: image.check()\n"
        "    except AssertionError: return True\n"
        "connection.ensure_connection(); print(is_refused())\n"
        "image.freeze(); print(is_refused())\n"
        "ends = threading.Event()\n"
        "threading.Thread(target=ends.wait).start(); print(is_refused()); ends.set()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout.split() == ["True", "None", "True"], done.stderr


# --- parts that are alive and do nothing ---


@pytest.fixture
def quickly(monkeypatch, settings, tmp_path) -> None:
    """Parts count as silent after a fraction of a second."""
    settings.RUN_DIR = tmp_path
    monkeypatch.setattr(pid_files, "SILENT_AFTER", 0.3)


@pytest.fixture
def part(quickly) -> Part:
    """A part that runs and does nothing."""
    part = Part("sleeper", partial(time.sleep, 600))
    part.start()
    yield part
    part.kill()


def test_a_part_that_is_stopped_is_ended(part) -> None:
    said: list[str] = []
    root = Tree([part], said.append)
    root.end_stuck()
    assert not part.has_died()
    os.kill(part.pid, signal.SIGSTOP)

    def is_ended() -> bool:
        root.end_stuck()
        return part.has_died()

    wait_until(is_ended)
    assert said == ["sleeper does nothing any more and is ended."]


def test_a_part_that_beats_no_more_is_stuck_once_it_is_not_young(part) -> None:
    pid_files.beat("sleeper")
    assert not part.is_stuck()
    part.started -= 100
    wait_until(part.is_stuck)
    pid_files.beat("sleeper")
    assert not part.is_stuck()


def test_a_clock_that_is_set_makes_no_part_stuck(part) -> None:
    part.started -= 100
    for jump in (3600, -3600, 7200):
        then = time.time() + jump
        pid_files.beat("sleeper")
        os.utime(pid_files.beat_file("sleeper"), (then, then))
        assert not part.is_stuck()


def test_a_root_that_was_held_up_itself_ends_nobody(part, monkeypatch) -> None:
    monkeypatch.setattr(parts, "LONGEST_CHECK", 0.1)
    part.started -= 100
    pid_files.beat("sleeper")
    part.is_stuck()
    part.watched -= 600  # as after ten minutes on a disk that stalled
    assert not part.is_stuck()


@pytest.mark.django_db
def test_readiness_forgets_what_was_stopped(quickly) -> None:
    pid_files.beat("up")
    then = time.time() - 1
    os.utime(pid_files.beat_file("up"), (then, then))
    assert "up" in problems()
    pid_files.forget("up")
    assert "up" not in problems()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["up", "housekeeping"])
def test_readiness_names_a_silent_part(quickly, name) -> None:
    assert name not in problems()
    pid_files.beat(name)
    assert name not in problems()
    then = time.time() - 1
    os.utime(pid_files.beat_file(name), (then, then))
    assert f"“{name}” of “manage.py up” has been silent" in problems()[name]


def test_a_root_that_is_stopped_is_woken(quickly) -> None:
    """The child of a stopped process does what housekeeping does."""
    code = (
        "import os, sys, time, django; django.setup()\n"
        "from jobsite.jobs import pid_files\n"
        "from jobsite.jobs.recovery import frozen_writers\n"
        "pid_files.SILENT_AFTER = 0.3\n"
        "pid_files.beat('up')\n"
        "if os.fork() == 0:\n"
        "    while True:\n"
        "        frozen_writers.resume_stopped_root(); time.sleep(0.1)\n"
        "os.kill(os.getpid(), 19)\n"
        "print('goes on', flush=True); os.killpg(0, 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.settings"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        start_new_session=True,
    )
    assert "goes on" in done.stdout, done.stderr
