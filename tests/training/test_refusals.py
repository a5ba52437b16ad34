"""Every awkward file through the doors that people use: the page, the API and the command."""

import os
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from rest_framework.test import APIClient

from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report
from tests.support.awkward_tables import READ, REFUSED
from tests.support.training_pages import signed_in, upload
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.tasks import train

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]

# The lengths of rows are not looked at behind the first 256 KiB of an upload.
REFUSED_IN_TRAINING = [
    *("a short row far down", "a long row far down", "a quote that stays open far down")
]
REFUSED_AT_UPLOAD = [case for case in REFUSED if case not in REFUSED_IN_TRAINING]


def answers(told: dict) -> dict[str, str]:
    """What the owner says, as a form takes it."""
    words = {"True": "yes", "False": "no", " ": "blank"}
    return {name: words.get(str(value), str(value)) for name, value in told.items()}


def through_the_api(user, data: bytes, told: dict):
    client = APIClient()
    client.force_authenticate(user)
    return client.post(
        "/api/v1/datasets/", {"file": SimpleUploadedFile("t.csv", data), **answers(told)}
    )


@pytest.mark.parametrize("case", REFUSED_AT_UPLOAD)
def test_a_broken_file_is_refused_at_every_door_with_the_same_sentence(ann, tmp_path, capsys, case):
    data, told, _ = REFUSED[case]
    answer = through_the_api(ann, data, told)
    assert answer.status_code == 400
    [sentence] = answer.json()["file"]
    page = upload(signed_in(ann), data, **answers(told))
    assert page.status_code == 200
    assert sentence in page.context["form"].errors["file"]
    if not told:
        (tmp_path / "sent.csv").write_bytes(data)
        with pytest.raises(SystemExit) as ended:
            call_command("train", str(tmp_path / "sent.csv"), "--target", "y", "--user", "ann")
        assert ended.value.code == 2
        assert re.sub(r"\s+", " ", sentence) in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("case", REFUSED_IN_TRAINING)
def test_a_file_that_breaks_far_down_is_taken_at_every_door_and_refused_in_training(
    ann, tmp_path, case
):
    data, told, said = REFUSED[case]
    assert through_the_api(ann, data, told).status_code == 201
    assert upload(signed_in(ann), data, **answers(told)).status_code == 302
    (tmp_path / "sent.csv").write_bytes(data)
    with pytest.raises(SystemExit) as ended:
        call_command("train", str(tmp_path / "sent.csv"), "--target", "colour", "--user", "ann")
    assert ended.value.code == 0
    assert Dataset.objects.count() == 3
    job = TrainingJob.objects.get()
    job.draft.mkdir(parents=True)
    report = Report(os.open(tmp_path / "told", os.O_WRONLY | os.O_CREAT), job.draft)
    with pytest.raises(JobFailed, match=said):
        train.run(job, report)


@pytest.mark.parametrize("case", READ)
def test_an_awkward_file_is_taken_at_every_door_and_shown(ann, tmp_path, case):
    data, told, names, _, _, _ = READ[case]
    wanted = names.split("|") if "|" in names else names.split()
    answer = through_the_api(ann, data, told)
    assert answer.status_code == 201, answer.content.decode()
    assert [column["name"] for column in answer.json()["columns"]] == wanted
    page = signed_in(ann)
    assert upload(page, data, **answers(told)).status_code == 302
    kept = Dataset.objects.latest("created_at")
    assert page.get(kept.get_absolute_url()).status_code == 200
    assert [column.name for column in kept.columns] == wanted
    assert not TrainingJob.objects.exists()
