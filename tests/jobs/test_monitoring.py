"""Metrics behind a key, logs with ids, warnings in words."""

import io
import json
import logging
import re
from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from downloads.models.download import Download
from jobsite import logs
from jobsite.jobs import log_context, pid_files, queue
from jobsite.jobs.accounts.sign_in_links import sign_in_link
from jobsite.jobs.models.tally import LOST, WEDGED, Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.monitoring.dashboard import SHOWN
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from tests.support.users import permit
from tests.support.waiting import PATIENCE
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = pytest.mark.django_db
KEY = {"Authorization": "Bearer scrape-me"}


@pytest.fixture
def key(settings):
    settings.METRICS_KEY = "scrape-me"


def scrape(client) -> dict[tuple, float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics", headers=KEY)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_metrics_are_shown_to_the_key_only(client, settings, key):
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer ü"}).status_code == 403
    assert client.get("/metrics", headers=KEY).status_code == 200
    settings.METRICS_KEY = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_metrics_tell_depth_age_pick_up_outcomes_and_losses(client, ann, key):
    worker = Worker.of_this_process("drill")
    jobs = [Drill(owner=ann, name=str(n)) for n in range(4)]
    for job in jobs:
        queue.submit(job)
    Drill.objects.update(queued_at=timezone.now() - timedelta(seconds=50))
    for _ in range(2):
        Drill.objects.claim(worker)
    Drill.objects.filter(status=Status.RUNNING)[:1].get()
    running = Drill.objects.filter(status=Status.RUNNING).first()
    Drill.objects.fenced(running.pk, running.attempt).transition(Status.FAILED, error="x")
    Drill.objects.filter(status=Status.QUEUED).first().cancel()
    Tally.add(LOST, "drill")
    pid_files.count_restart("web")
    found = scrape(client)
    assert found["jobsite_info", site_settings.VERSION] == 1
    assert found["jobsite_jobs", "drill", "queued"] == 1
    assert found["jobsite_jobs", "drill", "running"] == 1
    assert 50 <= found["jobsite_queue_oldest_seconds", "drill"] < 50 + PATIENCE
    assert 50 <= found["jobsite_pickup_seconds", "0.95", "drill"] < 50 + PATIENCE
    assert found["jobsite_outcomes_total", "drill", "failed"] == 1
    assert found["jobsite_outcomes_total", "cancelled", "drill"] == 1
    assert found["jobsite_leases_lost_total", "drill"] == 1
    assert found["jobsite_restarts_total", "web"] >= 1
    assert found["jobsite_workers_alive", "drill"] == 1
    assert found["jobsite_workers_alive", "training"] == 0
    Drill.objects.all().delete()
    assert scrape(client)["jobsite_outcomes_total", "drill", "failed"] == 1, "never goes back"


def test_the_dashboard_says_what_is_wrong_in_words(client, ann):
    client.force_login(ann)
    page = client.get("/").content.decode()
    assert "No worker is alive in: downloads, drill, prediction, training." in page
    assert "wedged" not in page
    Tally.add(WEDGED, "training")
    at = timezone.now() - timedelta(minutes=7)
    Tally.objects.update(at=at)
    moment = f"{timezone.localtime(at):%H:%M}"
    told = f"The training workers stopped responding and were restarted at {moment}"
    assert told in client.get("/").content.decode()
    Tally.objects.update(at=timezone.now() - timedelta(hours=2))
    assert "wedged" not in client.get("/").content.decode()


def test_dashboard_and_readiness_name_the_same_problems(client, ann, settings, monkeypatch):
    client.force_login(ann)
    monkeypatch.setattr("jobsite.jobs.monitoring.problems.LEAST_FREE", 2**70)
    answer = client.get("/health/ready")
    problems = answer.json()["problems"]
    assert (answer.status_code, set(problems)) == (503, {"workers", "disk"})
    page = client.get("/").content.decode()
    for sentence in problems.values():
        assert sentence in page


def test_each_kind_has_a_tile(client, ann, bob):
    client.force_login(ann)
    assert "<dt>Downloads</dt>" not in client.get("/").content.decode()
    for number, owner in enumerate([ann, ann, bob]):
        Download.objects.create(
            owner=owner, name="film", info_hash=f"{number}" * 40, rate_down=1_500_000, rate_up=1000
        )
    page = " ".join(client.get("/").content.decode().split())
    assert "<dt>Downloads</dt> <dd> <small>0 running, 2 waiting" in page
    assert "3.0 MB/s down, 2.0 kB/s up" in page
    assert "<dt>Training</dt>" not in page


def test_staff_are_told_of_anybodys_job_that_waits_too_long(client, ann, bob):
    late = timezone.now() - timedelta(minutes=25)
    Download.objects.create(owner=bob, name="a film", info_hash="a" * 40, queued_at=late)
    client.force_login(ann)
    assert "has been waiting" not in client.get("/").content.decode()
    client.force_login(permit(ann, "view", Download))
    told = "“a film” of bob has been waiting for 25 minutes"
    assert told in client.get("/").content.decode()


@pytest.fixture
def lines(monkeypatch):
    """What the site logs, in JSON."""
    config = logs.configuration(as_json=True)
    formatter = dict(config["formatters"]["json"])
    from pythonjsonlogger.json import JsonFormatter

    formatter.pop("()")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(**formatter))
    handler.addFilter(log_context.Where())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_change_is_logged_with_the_ids_of_request_and_person(client, ann, lines):
    client.force_login(ann)
    answer = client.post("/accounts/tokens/", {"name": "x"})
    line = next(line for line in lines() if line["logger"] == "jobsite.requests")
    assert line["message"].startswith("POST /accounts/tokens/: 200 in ")
    assert line["user"] == str(ann.pk)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    client.get("/")
    assert len([line for line in lines() if line["logger"] == "jobsite.requests"]) == 1


def test_a_one_time_link_is_not_written_into_the_log(client, ann, lines):
    path = "/" + sign_in_link(ann).split("/", 3)[3]
    client.post(path)
    line = next(line for line in lines() if line["logger"] == "jobsite.requests")
    assert line["message"].startswith("POST /accounts/link/<str:uid>/<str:token>/: 302")


def test_lines_of_a_worker_carry_its_job(lines):
    log_context.set_job("6f9619ff")
    logging.getLogger("jobsite.jobs").warning("the child is slow")
    log_context.set_job("")
    logging.getLogger("jobsite.jobs").warning("and now")
    assert [line["job"] for line in lines()] == ["6f9619ff", ""]


def test_a_request_id_of_a_proxy_is_taken_over_where_there_is_one(client, settings):
    settings.PROXIES = 1
    given = client.get("/health/live", headers={"X-Request-ID": "abc-123"})
    assert given.headers["X-Request-ID"] == "abc-123"
    for bad in ("x" * 65, "a b", "a<b>"):
        answer = client.get("/health/live", headers={"X-Request-ID": bad})
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])
    settings.PROXIES = 0
    forged = client.get("/health/live", headers={"X-Request-ID": "abc-123"})
    assert forged.headers["X-Request-ID"] != "abc-123"


def test_text_of_strangers_cannot_forge_a_line(lines):
    hostile = "name\r\n2026-01-01 CRITICAL forged\x1b[31m\u202e\u2028x"
    logging.getLogger("jobsite.jobs").warning("No user %s", hostile)
    (line,) = lines()
    assert "\\x0d\\x0a" in line["message"]
    assert not re.search("[\r\n\x1b\u202e\u2028]", line["message"])


def test_the_text_log_has_the_same_ids():
    record = logging.makeLogRecord({"msg": "slow", "levelname": "INFO", "name": "x"})
    log_context.set_job("6f96")
    log_context.Where().filter(record)
    log_context.set_job("")
    text = logging.Formatter(logs.LINE, style="{").format(record)
    assert text.endswith("x: slow [job=6f96]")
    assert site_settings.LOGGING["handlers"]["stderr"]["formatter"] == "line"


def test_many_jobs_of_one_kind_hide_no_other_on_the_dashboard(client, ann):
    for number in range(12):
        Download.objects.create(
            owner=ann, name=f"disc {number}", info_hash=f"{number:040d}", status=Status.QUEUED
        )
    dataset = Dataset.objects.create(owner=ann, name="t.csv", size=1, sha256="0" * 64, head={})
    queued = TrainingJob.objects.create(owner=ann, name="the table", dataset=dataset, target="y")
    TrainingJob.objects.update(queued_at=timezone.now() + timedelta(hours=1))
    client.force_login(ann)
    page = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert page.count("disc ") == SHOWN - 1
    assert queued.name in page
    assert "the first 10 of 13" in page


def record_of(error: Exception | None = None, **extra) -> logging.LogRecord:
    """A record as Django makes it for an answer that failed."""
    cause = (type(error), error, None) if error else None
    record = logging.LogRecord("django.request", 40, "f", 1, "%s: %s", ("Error", "/"), cause)
    record.__dict__ |= extra
    return record


def test_an_outage_of_the_database_is_a_line_and_no_flood_of_tracebacks(rf):
    few = logs.WithoutFloods()
    first = record_of(OperationalError("server closed\n the connection"), status_code=500)
    assert few.filter(first)
    assert first.exc_info is None
    text = "Error: /: the database does not answer (server closed the connection)"
    assert first.getMessage() == text
    assert not few.filter(record_of(OperationalError("again"), status_code=500))
    other = record_of(ValueError("a fault"), status_code=500)
    assert few.filter(other)
    assert other.exc_info
    probe = record_of(status_code=503, request=rf.get("/health/ready"))
    assert not few.filter(probe)
    assert not few.filter(record_of(status_code=405, request=rf.head("/")))
    assert few.filter(record_of(status_code=405, request=rf.post("/")))
