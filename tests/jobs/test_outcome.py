"""Outcomes outlive a database that is away, and are recorded once."""

import json
import shutil
import signal
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict

import pytest
from django.conf import settings
from django.db import DatabaseError

from jobsite.jobs.execution import recording
from jobsite.jobs.execution.error_texts import death_sentence
from jobsite.jobs.execution.outcome import Outcome, load, save
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.status import Status
from jobsite.jobs.storage.files import alone_in
from tests.drill.models import Drill

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outcome_dir(tmp_path, settings):
    settings.OUTCOME_DIR = tmp_path
    return tmp_path


@pytest.fixture
def job(ann) -> Drill:
    submit(Drill(owner=ann, name="a"))
    return Drill.objects.claim(Worker.of_this_process("drill"))


def success(job: Drill) -> Outcome:
    return Outcome("drill", str(job.pk), job.attempt, Status.SUCCEEDED, "", {"score": 1.0})


def test_an_outcome_comes_back_from_disk_as_it_was(job, tmp_path):
    assert load(save(success(job), tmp_path)) == success(job)


def test_an_outcome_that_the_database_refuses_is_replayed_later(job, monkeypatch):
    def away(outcome):
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "apply", away)
        recording.record(success(job))
    job.refresh_from_db()
    assert job.status == "running"
    assert recording.replay() == 1
    job.refresh_from_db()
    assert (job.status, job.result) == ("succeeded", {"score": 1.0})
    assert list(settings.OUTCOME_DIR.iterdir()) == []


def test_an_outcome_of_an_attempt_that_lost_its_authority_changes_nothing(job):
    Drill.objects.filter(pk=job.pk).transition(Status.QUEUED)
    recording.record(success(job))
    job.refresh_from_db()
    assert (job.status, job.result) == ("queued", None)


def test_recording_twice_keeps_the_first_outcome(job):
    recording.record(success(job))
    recording.record(Outcome("drill", str(job.pk), job.attempt, Status.FAILED, "late"))
    job.refresh_from_db()
    assert (job.status, job.error) == ("succeeded", "")


def test_files_are_published_by_the_attempt_that_succeeded(job):
    for attempt in (job.attempt, job.attempt + 7):
        folder = job.directory / f"attempt-{attempt}"
        folder.mkdir(parents=True)
        (folder / "model").write_text(str(attempt))
    recording.record(success(job))
    assert (job.artifacts / "model").read_text() == str(job.attempt)
    assert [path.name for path in job.directory.glob("[!.]*")] == ["result"]


def publish(job: Drill, both: threading.Barrier) -> None:
    both.wait()
    job.publish()


def test_the_worker_and_housekeeping_publish_at_once_and_the_files_are_there():
    """Housekeeping replays the outcome that waits on disk while its worker still records it."""
    with ThreadPoolExecutor(2) as two:
        for _ in range(200):
            job = Drill(id=uuid.uuid4(), attempt=1)
            job.draft.mkdir(parents=True)
            (job.draft / "out").write_text("whole")
            both = threading.Barrier(2)
            for done in [two.submit(publish, job, both) for _ in range(2)]:
                done.result()
            assert (job.artifacts / "out").read_text() == "whole"


def test_whoever_comes_second_publishes_too_before_the_outcome_is_forgotten(job, monkeypatch):
    """The first may be killed between the row and the files."""
    job.draft.mkdir(parents=True)
    (job.draft / "out").write_text("whole")
    first = recording.finish

    def beaten(job, outcome):
        first(job, outcome)
        return False

    monkeypatch.setattr(recording, "finish", beaten)
    recording.record(success(job))
    assert (job.artifacts / "out").read_text() == "whole"


def test_whoever_reads_that_a_job_has_succeeded_finds_its_files(job):
    """The row says so before its worker has come to them."""
    job.draft.mkdir(parents=True)
    (job.draft / "out").write_text("whole")
    recording.finish(job, success(job))
    assert (Drill.objects.get(pk=job.pk).artifacts / "out").read_text() == "whole"
    assert [path.name for path in job.directory.glob("[!.]*")] == ["result"]


def test_files_of_an_attempt_that_goes_on_are_nobodys_yet(job):
    job.draft.mkdir(parents=True)
    assert not job.artifacts.exists()
    assert job.draft.exists()


def test_publishing_what_is_being_deleted_is_no_error(job, monkeypatch):
    job.draft.mkdir(parents=True)
    place = job.directory

    @contextmanager
    def purged_meanwhile(folder):
        shutil.rmtree(folder)
        with alone_in(folder):
            yield

    monkeypatch.setattr("jobsite.jobs.models.job.alone_in", purged_meanwhile)
    job.publish()
    assert not place.exists()


def test_files_of_a_failed_attempt_are_removed(job):
    job.draft.mkdir(parents=True)
    recording.record(Outcome("drill", str(job.pk), job.attempt, Status.FAILED, "no"))
    assert not job.draft.exists()


def test_a_damaged_file_is_put_aside_and_does_not_stop_the_others(job, outcome_dir):
    (outcome_dir / "0-damaged.json").write_text("{")
    save(success(job), outcome_dir)
    assert recording.replay() == 1
    assert [path.name for path in outcome_dir.iterdir()] == ["0-damaged.damaged"]


@pytest.mark.parametrize("field", [{"job_id": "bad"}, {"job_id": 7}, {"attempt": "x"}])
def test_an_odd_field_is_put_aside_and_does_not_stop_the_others(job, outcome_dir, field):
    (outcome_dir / "aaa.json").write_text(json.dumps(asdict(success(job)) | field))
    (outcome_dir / "aab.json").mkdir()
    (outcome_dir / "aac.json").write_text(json.dumps(asdict(success(job)) | {"attempt": 10**30}))
    save(success(job), outcome_dir)
    assert recording.replay() == 1
    job.refresh_from_db()
    assert job.status == Status.SUCCEEDED
    names = sorted(path.name for path in outcome_dir.iterdir())
    assert names == ["aaa.damaged", "aab.damaged", "aac.damaged"]


@pytest.mark.parametrize(
    "status", [-signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGTERM, 1, 77]
)
@pytest.mark.parametrize("out_of_memory", [False, True])
def test_every_death_has_a_sentence_with_a_remedy(status, out_of_memory):
    sentence = death_sentence(status, out_of_memory=out_of_memory)
    assert ("ran out of memory" in sentence) == (out_of_memory and status == -signal.SIGKILL)
    assert sentence.startswith("The process that ran this job")
    assert "etry" in sentence or "Try" in sentence
