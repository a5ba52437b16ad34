"""What the first rows tell, one click that answers it, and a closer look at all rows."""

import os
import random

import pytest
from django.test import Client
from django.urls import reverse

from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from jobsite.jobs.status import Status
from tests.support.training_tables import flowers
from training.models.dataset import Dataset
from training.models.inspection import Inspection
from training.models.training_job import TrainingJob
from training.tasks.inspection import run

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"
chance = random.Random(2)
VISITS = (
    "client_id,seen,weight,rarely,$\\frac{$,result\n"
    + "".join(
        f"K{n % 40},2024-{n % 12 + 1:02}-01,{chance.gauss(70, 9):.1f},"
        f"{'' if n % 5 else n},{HOSTILE if n % 2 else 'plain'},{'yes' if n % 3 else 'no'}\n"
        for n in range(200)
    )
).encode()


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def page(ann) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def kept(owner, folder, data: bytes) -> Dataset:
    (folder / "visits.csv").write_bytes(data)
    return Dataset.copy(folder / "visits.csv", owner, {})


def test_first_rows_offer_a_split_and_one_click_takes_it(page, ann, tmp_path):
    dataset = kept(ann, tmp_path, VISITS)
    found = {add_warnings.role: add_warnings.column for add_warnings in dataset.hints_for("result")}
    assert found == {"time": "seen", "group": "client_id", "ignore": "rarely"}
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert 'value="client_id=group"' in text
    place = reverse("training:dataset-role", args=[dataset.pk])
    for choice in ("client_id=group", "seen=time", "rarely=ignore"):
        assert page.post(place, {"choice": choice}).status_code == 302
    dataset.refresh_from_db()
    assert dataset.hints_for("result") == ()
    job = TrainingJob.of(dataset, "result")
    assert (job.options["group"], job.options["time"]) == ("client_id", "seen")
    refused = page.post(place, {"choice": "weight=king"}, follow=True).content.decode()
    assert "“king” is no role" in refused
    assert "no column named" in page.post(place, {"choice": "x"}, follow=True).content.decode()


def test_a_target_that_differs_in_each_row_is_pointed_out(ann, tmp_path):
    data = "".join(f"{n * n % 97},w{n * 7919 % 1000} x\n" for n in range(60))
    dataset = kept(ann, tmp_path, f"a,b\n{data}".encode())
    assert any("nothing to learn" in found.sentence for found in dataset.hints_for("b"))
    assert dataset.hints_for("a") == ()


def unheard(look: Inspection) -> Report:
    """A report that nobody reads."""
    look.draft.mkdir(parents=True)
    return Report(os.open(os.devnull, os.O_WRONLY), look.draft)


def looked_at(dataset: Dataset) -> Inspection:
    """The table with a finished look, done as a worker's child does."""
    look = dataset.inspections.get(status=Status.QUEUED)
    result = run(look, unheard(look))
    look.publish()
    Inspection.objects.filter(pk=look.pk).transition(Status.RUNNING)
    Inspection.objects.filter(pk=look.pk).transition(Status.SUCCEEDED, result=result)
    look.refresh_from_db()
    return look


def test_a_closer_look_is_asked_for_followed_and_shown_in_a_sandbox(page, ann, bob, tmp_path):
    dataset = kept(ann, tmp_path, VISITS)
    ask, closer, report = (
        reverse(f"training:{name}", args=[dataset.pk])
        for name in ("inspect", "closer", "dataset-report")
    )
    assert page.get(report).status_code == 404
    assert "hx-get" not in page.get(closer).content.decode()
    page.post(ask)
    page.post(ask)
    assert dataset.inspections.count() == 1, "one look at a time"
    assert f'hx-get="{closer}"' in page.get(closer).content.decode()
    look = looked_at(dataset)
    assert look.result["rows"] == 200
    assert any("“rarely” has no value in 80 %" in text for text in look.result["found"])
    text = page.get(closer).content.decode()
    assert "hx-get" not in text
    assert 'sandbox="allow-scripts"' in text
    answer = page.get(report)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'"
    )
    shown = b"".join(answer.streaming_content).decode()
    assert HOSTILE not in shown
    stranger = Client()
    stranger.force_login(bob)
    assert [stranger.get(place).status_code for place in (closer, report)] == [404, 404]
    files = look.directory
    dataset.remove()
    assert not files.exists()
    assert not Inspection.objects.exists()


def test_a_file_that_is_gone_fails_the_look_with_a_sentence(page, ann, tmp_path):
    dataset = kept(ann, tmp_path, flowers())
    page.post(reverse("training:inspect", args=[dataset.pk]))
    dataset.path.unlink()
    look = dataset.inspections.get()
    with pytest.raises(JobFailed, match="is gone from the data folder"):
        run(look, unheard(look))
