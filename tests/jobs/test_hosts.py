"""Several hosts on one database: roles, what a host needs to join, and one that is cut off."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from downloads.web.content import missing
from jobsite.jobs.management.commands.up import already
from jobsite.jobs.models import host as hosts
from jobsite.jobs.models.host import Host, own_clusters, roles
from jobsite.jobs.models.kinds import clusters
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.monitoring.problems import problems
from jobsite.jobs.recovery.housekeeper import GONE_FOR, Housekeeper
from jobsite.jobs.recovery.wedged_clusters import is_left_alone
from jobsite.jobs.server import joining
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from tests.support.postgresql import MISSING, programs
from tests.support.running_site import ROOT
from tests.support.waiting import PATIENCE, promised


def has_namespaces() -> bool:
    words = ["unshare", "-n", "-u", "-m", "-p", "--fork", "--mount-proc", "true"]
    return subprocess.run(words, capture_output=True).returncode == 0


@pytest.mark.tree
@pytest.mark.skipif(not has_namespaces(), reason="namespaces are for root alone here")
@pytest.mark.skipif(programs() is None, reason=MISSING)
def test_jobs_of_a_host_that_is_cut_off_are_taken_over_and_nothing_is_lost_or_done_twice(tmp_path):
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("JOBSITE")
    }
    environment.pop("TEST_DATABASE_URL", None)
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "tests.support.two_hosts", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told.pop("seconds") < promised(40)
    assert "runs already on the data folder" in told.pop("refused")
    assert told == {
        "states": {"a": "gone", "b": "ok"},
        "statuses": {"succeeded": 7},
        "attempts": [1, 1, 1, 1, 2, 2],
        "ends": [1] * 7,
        "files": ["end", "out"],
        "exit": [0, 0],
        "left": [],
    }


# --- what a host does ---


def test_a_host_runs_the_clusters_of_its_roles(settings) -> None:
    assert own_clusters() == clusters()
    settings.ROLES = ["web", "training"]
    assert own_clusters() == {"training": settings.TRAINING_WORKERS}


def test_a_role_that_does_not_exist_is_refused_with_those_that_do(settings) -> None:
    settings.ROLES = ["web", "trainings"]
    sentence = joining.refusal(print)
    assert sentence.startswith("There is no role named trainings. A host may do: web, ")
    assert sentence.endswith("housekeeping.")


@pytest.mark.parametrize(
    ("several", "there", "sentence"),
    [
        (False, "a", "Stop it first, or set JOBSITE_DATA_DIR to another folder."),
        (False, "b", "on the host 'b'. SQLite serves one host. For several, stop it, move to"),
        (True, "a", "as the host 'a'. Stop it first; another host needs another JOBSITE_HOST."),
    ],
)
def test_a_second_start_is_told_why_it_cannot_be(settings, several, there, sentence) -> None:
    settings.MANY_HOSTS, settings.HOST = several, "a"
    assert sentence in already(there)


# --- joining ---


@pytest.fixture
def joined(db, settings, tmp_path) -> Host:
    """Another host that runs, and that this one may join with the role training."""
    settings.MANY_HOSTS, settings.DATA_DIR, settings.RUN_DIR = True, tmp_path, tmp_path
    settings.HOST, settings.ROLES = "b", []
    Host.join()
    settings.HOST, settings.ROLES = "a", ["training"]
    return Host.objects.get(name="b")


def test_a_host_like_the_others_may_join(joined) -> None:
    assert joining.refusal(print) == ""
    assert joining.check_locks() == ""


@pytest.mark.parametrize(
    ("different", "sentence"),
    [
        ({"version": "older"}, "The host 'b' runs another version of jobsite (older; this is "),
        ({"key_digest": "x"}, "The secret key of this host is not that of the host 'b'"),
        ({"token": "x"}, "does not hold what the host 'b' wrote into its own"),
    ],
)
def test_a_host_unlike_the_others_is_refused_with_what_to_do(
    joined, monkeypatch, different, sentence
) -> None:
    monkeypatch.setattr(joining, "SEEN_WITHIN", 0.0)
    Host.objects.update(**different)
    assert sentence in joining.refusal(print)
    Host.objects.update(last_seen=timezone.now() - timedelta(minutes=1))
    assert joining.refusal(print) == "", "one that is gone has no say"


def test_a_clock_that_is_wrong_is_refused(joined, monkeypatch) -> None:
    for offset, refused in ((4.0, False), (-6.0, True), (6.0, True)):
        monkeypatch.setattr(hosts, "clock_offset", lambda offset=offset: offset)
        assert ("off that of the database" in joining.refusal(print)) is refused


def test_the_downloads_belong_to_one_host(joined, settings) -> None:
    settings.ROLES = []
    assert "manage.py up --only web," in joining.refusal(print)
    assert "downloads," not in joining.refusal(print).partition("--only")[2]
    Host.objects.update(roles=["web", "training"])
    assert joining.refusal(print) == ""


def test_a_name_that_another_machine_has_is_refused_and_one_that_it_had_is_not(
    joined, settings, monkeypatch
) -> None:
    monkeypatch.setattr(joining, "BEAT_EVERY", 0.2)
    monkeypatch.setattr(joining, "LOOK_EVERY", 0.01)
    settings.HOST, settings.ROLES = "b", []
    assert joining.refusal(print) == "", "the same machine starts again"
    Host.objects.update(process_space="another boot/1")
    assert joining.refusal(print) == "", "it beats no more"

    def beat(seconds: float) -> None:
        Host.objects.update(last_seen=timezone.now())

    monkeypatch.setattr(joining.time, "sleep", beat)
    assert "Another machine runs as the host 'b'" in joining.refusal(print)


def test_a_host_that_was_forgotten_enters_again_with_its_next_beat(joined, settings) -> None:
    settings.HOST = "b"
    Host.leave()
    assert not Host.objects.exists()
    assert not joined.token_file.exists()
    Host.beat(leads=True)
    again = Host.objects.get(name="b")
    assert again.is_seen_in_folder


# --- housekeeping of several ---


def test_only_the_host_that_leads_takes_back_what_expired(ann, settings, monkeypatch) -> None:
    job = Drill.objects.create(owner=ann, name="a")
    elsewhere = Worker.objects.create(
        cluster="drill", host="b", process_space="b/1", pid=1, born=1, last_seen=timezone.now()
    )
    Drill.objects.filter(pk=job.pk).take(elsewhere)
    Drill.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(Housekeeper, "keep_alive", lambda self: None)
    settings.ROLES = ["training"]
    Housekeeper().round()
    job.refresh_from_db()
    assert job.status == Status.RUNNING
    settings.ROLES = []
    Housekeeper().round()
    job.refresh_from_db()
    assert (job.status, job.losses) == (Status.QUEUED, 1)


def test_a_cluster_is_judged_by_the_jobs_on_its_own_host(ann) -> None:
    elsewhere = Worker.objects.create(
        cluster="drill", host="b", process_space="b/1", pid=1, born=1, last_seen=timezone.now()
    )
    for name in "ab":
        Drill.objects.filter(pk=Drill.objects.create(owner=ann, name=name).pk).take(elsewhere)
    Drill.objects.create(owner=ann, name="c")
    assert is_left_alone("drill", 2), "both workers of this host are free"
    here = Worker.of_this_process("drill")
    Drill.objects.filter(status=Status.RUNNING).update(worker=here)
    assert not is_left_alone("drill", 2)


def test_a_host_that_vanished_is_shown_as_gone_and_forgotten_after_a_day(joined) -> None:
    Host.objects.update(last_seen=timezone.now() - timedelta(hours=1))
    Housekeeper().take_back_expired()
    assert not Host.objects.get().is_alive
    Host.objects.update(last_seen=timezone.now() - GONE_FOR - timedelta(minutes=1))
    Housekeeper().take_back_expired()
    assert not Host.objects.exists()


def test_a_site_on_sqlite_knows_no_host_but_its_own(joined, settings) -> None:
    settings.MANY_HOSTS = False
    Host.join()
    assert [host.name for host in Host.objects.all()] == ["a"]


# --- what people and monitors see ---


def test_pages_and_readiness_tell_of_each_host(joined, settings, ann, client) -> None:
    client.force_login(ann)
    assert "hosts" not in client.get("/health/ready").json(), "one host is the usual site"
    Host.join()
    for cluster in clusters():
        Worker.objects.create(
            cluster=cluster, host="b", process_space="b", pid=1, born=1, last_seen=timezone.now()
        )
    assert client.get("/health/ready").json()["hosts"] == {"a": "no worker in training", "b": "ok"}
    page = client.get("/").content.decode()
    assert "The host a has no worker that is alive in training; look at its log." in page
    Host.objects.filter(name="b").update(last_seen=timezone.now() - timedelta(minutes=5))
    answer = client.get("/health/ready").json()
    assert answer["hosts"]["b"] == "gone"
    assert "No host of the site has the role downloads, drill, " in answer["problems"]["roles"]
    page = client.get("/").content.decode()
    assert "The host b has not been heard of for 5\xa0minutes. What ran there goes on " in page
    assert "elsewhere; downloads wait for it. Look at the machine and its network." in page
    assert missing("Gone.") == (
        "Gone. The library is on the host b; this host does not see its folder."
    )


def test_a_role_that_no_host_has_is_a_problem(joined) -> None:
    assert "roles" not in problems()
    Host.objects.update(roles=[role for role in roles() if role != "downloads"])
    assert problems()["roles"] == (
        "No host of the site has the role downloads. Start one that has: "
        "manage.py up --only downloads"
    )


def test_a_wrong_role_ends_a_start_before_it_begins(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--only", "webb"],
        cwd=ROOT,
        env={**os.environ, "JOBSITE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert "There is no role named webb. A host may do: web," in done.stderr
    assert "Traceback" not in done.stderr
