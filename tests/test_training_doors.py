"""Every awkward file through the doors that people use: the page, the API and the command."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from rest_framework.test import APIClient

from tests.awkward_tables import READ, REFUSED
from tests.training_pages import signed_in, upload
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


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


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_file_is_refused_at_every_door_with_the_same_sentence(ann, tmp_path, capsys, case):
    data, told, _ = REFUSED[case]
    answer = through_the_api(ann, data, told)
    if answer.status_code == 201:
        # What is wrong lies behind what an upload looks at: the training says it.
        assert len(data) > 256 * 1024
        return
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
