"""Limits for each person, one job for one press of a button, and what goes after its time."""

import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from downloads.models.download import Download
from jobsite.jobs import queue
from jobsite.jobs.models import allowance
from jobsite.jobs.models.allowance import Allowance, OverAllowance, TooManyWaiting
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.submission import FIELD, Submission
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submission
from jobsite.jobs.recovery import retention
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = pytest.mark.django_db
MEBI = 2**20


@pytest.fixture
def dataset(ann, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    return Dataset.copy(table, ann, {})


@pytest.fixture
def bearer(ann):
    return {"Authorization": f"Bearer {ApiToken.make(ann, 'test')}"}


def submit(owner, dataset, **fields) -> TrainingJob:
    job = TrainingJob(owner=owner, name="t", dataset=dataset, target="y", **fields)
    queue.submit(job)
    return job


def fill(job, size: int) -> None:
    job.artifacts.mkdir(parents=True)
    with (job.artifacts / "model").open("wb") as file:
        file.truncate(size)


# --- limits ---


def test_waiting_jobs_are_limited_by_the_site_and_by_the_persons_own_allowance(
    ann, bob, dataset, settings
):
    settings.USER_QUEUED = 2
    submit(ann, dataset)
    submit(ann, dataset)
    with pytest.raises(TooManyWaiting, match="2 of your jobs wait, and 2 may; there is no room"):
        submit(ann, dataset)
    submit(bob, dataset)
    Allowance.objects.create(user=ann, queued=3)
    third = submit(ann, dataset)
    with pytest.raises(TooManyWaiting):
        submit(ann, dataset)
    Allowance.objects.update(queued=0)
    submit(ann, dataset)
    third.cancel()
    Allowance.objects.update(queued=4)
    assert queue.retry(third)


def test_a_refusal_is_a_sentence_on_the_page_in_the_api_and_in_the_command(
    client, ann, dataset, bearer, settings, capsys
):
    settings.USER_QUEUED = 1
    submit(ann, dataset)
    sentence = "1 of your jobs wait, and 1 may"
    client.force_login(ann)
    form = {"target": "y", "algorithms": ["tree"], "time_limit": 60, "folds": 3, "seed": 0}
    page = client.post(f"/training/datasets/{dataset.pk}/", form)
    assert page.status_code == 429
    assert sentence in page.content.decode()
    body = {"dataset": str(dataset.pk), "target": "y"}
    call = client.post("/api/v1/training/", body, "application/json", headers=bearer)
    assert call.status_code == 429
    assert sentence in call.json()["detail"]
    with pytest.raises(SystemExit) as end:
        call_command("train", str(dataset.path), "--target", "y", "--user", "ann")
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
    assert TrainingJob.objects.count() == 1


def test_stored_bytes_are_limited(ann, bob, dataset, settings):
    settings.USER_MB = 3
    first = submit(ann, dataset)
    fill(first, 3 * MEBI)
    with pytest.raises(OverAllowance, match="Your files take 3 MB, all that you may store"):
        submit(ann, dataset)
    submit(bob, dataset)
    Allowance.objects.create(user=ann, megabytes=4)
    submit(ann, dataset)


def test_an_upload_beyond_the_space_that_is_left_is_cut(client, ann, dataset, settings, tmp_path):
    settings.USER_MB = 2
    fill(submit(ann, dataset), MEBI)
    client.force_login(ann)
    large = tmp_path / "large.csv"
    large.write_text("x,y\n" + "1,2\n" * (MEBI // 2))
    with large.open("rb") as file:
        answer = client.post("/training/new/", {"file": file})
    assert answer.status_code == 413
    assert not Dataset.objects.exclude(pk=dataset.pk).exists()
    reason = answer.wsgi_request.upload_refusal
    assert reason.startswith("The upload is larger than the 1.0 MB that you may still store")


def test_a_table_counts_once_however_many_trainings_use_it(ann, bob, dataset):
    fill(submit(ann, dataset), MEBI)
    submit(ann, dataset)
    Dataset.objects.update(size=5 * MEBI)
    assert submission.stored_bytes(ann) == 6 * MEBI
    assert submission.stored_bytes(bob) == 0


def test_a_paste_of_links_beyond_the_limit_is_refused_whole(client, ann, settings):
    settings.USER_QUEUED = 3
    client.force_login(ann)
    paste = "\n".join(f"{n:040x}" for n in range(1, 5))
    refused = client.post("/downloads/new/", {"links": paste})
    assert refused.status_code == 429
    assert "there is no room for 4 more" in refused.content.decode()
    assert not Download.objects.exists()
    client.post("/downloads/new/", {"links": paste.rpartition("\n")[0]})
    assert Download.objects.count() == 3
    again = client.post("/downloads/new/", {"links": paste.partition("\n")[0]})
    assert again.status_code == 302, "what is here already needs no room"


def test_a_torrent_past_the_limit_of_the_site_takes_the_links_beside_it_along(
    client, ann, settings
):
    settings.DOWNLOAD_UPLOAD_MB = 0
    client.force_login(ann)
    file = SimpleUploadedFile("a.torrent", b"d8:announce0:e")
    answer = client.post("/downloads/new/", {"links": "a" * 40, "torrents": [file]})
    assert answer.status_code == 413
    assert "the limit of this site" in answer.content.decode()
    assert not Download.objects.exists()


def test_running_jobs_are_limited_by_the_persons_own_allowance(ann, bob):
    worker = Worker.of_this_process("drill")
    Allowance.objects.create(user=ann, running=1)
    Allowance.objects.create(user=bob, running=0)
    for owner in (ann, ann, bob, bob):
        queue.submit(Drill(owner=owner, name=owner.username))
    claimed = [Drill.objects.claim(worker, per_owner=1) for _ in range(4)]
    assert sorted(job.name for job in claimed if job) == ["ann", "bob", "bob"]


def test_an_administrator_sets_an_allowance_on_the_persons_page(client, ann):
    root = get_user_model().objects.create_superuser("root")
    client.force_login(root)
    page = client.get(f"/admin/auth/user/{ann.pk}/change/").content.decode()
    assert "allowance-0-megabytes" in page


# --- one press, one job ---


def test_a_form_that_is_sent_twice_makes_one_job(client, ann, dataset):
    client.force_login(ann)
    page = client.get(f"/training/datasets/{dataset.pk}/").content.decode()
    key = re.search(r'name="idempotency_key" value="(\w+)"', page)[1]
    form = {"target": "y", "algorithms": ["tree"], "time_limit": 60, "folds": 3, "seed": 0}
    form[FIELD] = key
    answers = [client.post(f"/training/datasets/{dataset.pk}/", form) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert TrainingJob.objects.count() == 1
    for odd in ("b", "\0", "\ufffe" * 300):
        other = client.post(f"/training/datasets/{dataset.pk}/", {**form, FIELD: odd})
        assert other.headers["Location"] != answers[0].headers["Location"]


def test_a_call_that_is_repeated_with_its_key_gets_the_same_job(client, ann, bob, dataset, bearer):
    body = {"dataset": str(dataset.pk), "target": "y"}
    named = {**bearer, "Idempotency-Key": "k" * 500}
    calls = [
        client.post("/api/v1/training/", body, "application/json", headers=named) for _ in range(2)
    ]
    assert [call.status_code for call in calls] == [202, 202]
    assert calls[0].json()["id"] == calls[1].json()["id"]
    assert TrainingJob.objects.count() == 1
    TrainingJob.objects.all().delete()
    again = client.post("/api/v1/training/", body, "application/json", headers=named)
    assert again.json()["id"] != calls[0].json()["id"]


def test_a_paste_that_is_sent_twice_is_answered_twice_and_added_once(client, bearer):
    named = {**bearer, "Idempotency-Key": "paste"}
    body = {"links": ["a" * 40, "b" * 40, "a" * 40]}
    calls = [
        client.post("/api/v1/downloads/", body, "application/json", headers=named).json()
        for _ in range(2)
    ]
    told = [([job["id"] for job in call["added"]], len(call["duplicates"])) for call in calls]
    assert told[0] == told[1]
    assert (len(told[0][0]), told[0][1]) == (2, 1)
    other = client.post("/api/v1/downloads/", body, "application/json", headers=bearer).json()
    assert (len(other["added"]), len(other["duplicates"])) == (0, 3)


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_make_one_job(ann, dataset):
    start = threading.Barrier(6)
    places = []

    def press():
        client = Client()
        client.force_login(ann)
        start.wait()
        form = {"target": "y", "algorithms": ["tree"], "time_limit": 60, "idempotency_key": "one"}
        places.append(client.post(f"/training/datasets/{dataset.pk}/", form).headers["Location"])
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(places) == 6
    assert len(set(places)) == 1
    assert TrainingJob.objects.count() == 1


# --- what goes ---


def test_what_is_past_its_time_goes_and_nothing_else(ann, dataset, settings):
    old = timezone.now() - timedelta(days=31)
    kept, gone = submit(ann, dataset), submit(ann, dataset)
    for job in (kept, gone):
        TrainingJob.objects.filter(pk=job.pk).transition(Status.CANCELLED)
    TrainingJob.objects.filter(pk=gone.pk).update(finished_at=old)
    waiting = submit(ann, dataset)
    TrainingJob.objects.filter(pk=waiting.pk).update(created_at=old)
    JobEvent.objects.update(at=old)
    Submission.objects.create(owner=ann, key="old", kind="training", job_id=kept.pk, at=old)
    settings.KEEP_LOG_DAYS = settings.KEEP_JOBS_DAYS = settings.KEEP_UPLOADS_DAYS = 0
    retention.sweep()
    assert TrainingJob.objects.filter(delete_requested=False).count() == 3
    assert JobEvent.objects.count() == 3
    assert not Submission.objects.exists()
    settings.KEEP_LOG_DAYS = settings.KEEP_JOBS_DAYS = 30
    retention.sweep()
    hidden = TrainingJob.objects.filter(delete_requested=True)
    assert [job.pk for job in hidden] == [gone.pk]
    assert not JobEvent.objects.filter(at__lte=old).exists()


def test_tables_that_no_training_uses_go_after_their_time(ann, dataset, settings, tmp_path):
    unused = Dataset.copy(dataset.path, ann, {})
    fresh = Dataset.copy(dataset.path, ann, {})
    submit(ann, dataset)
    old = timezone.now() - timedelta(days=31)
    Dataset.objects.exclude(pk=fresh.pk).update(created_at=old)
    settings.KEEP_UPLOADS_DAYS = 30
    retention.sweep()
    assert set(Dataset.objects.all()) == {dataset, fresh}
    assert not unused.path.exists()
    assert dataset.path.exists()


def test_numbers_without_a_limit_cost_no_look_at_the_disk(ann, dataset, monkeypatch):
    monkeypatch.setattr(TrainingJob, "stored_bytes", lambda owner: 1 / 0)
    submit(ann, dataset)
    assert allowance.bytes_left(ann, 0) is None
