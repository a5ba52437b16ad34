"""A person is deleted with everything: rows, files, what runs; from the panel and by command."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import reverse

from downloads.models.download import Download
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.person_deletion import PersonDeletion, request_deletion
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.recovery.housekeeper import Housekeeper
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from tests.factories import a_download, api_of
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def zed(tmp_path):
    """A person with a table, a training of it with files, and a download."""
    person = get_user_model().objects.create_user("zed", password="zed-secret-1")
    table = tmp_path / "t.csv"
    table.write_text("x,y\n1,2\n3,4\n")
    dataset = Dataset.copy(table, person, {})
    table.unlink()
    job = TrainingJob.of(dataset, "y", ["linear"])
    submit(job)
    job.draft.mkdir(parents=True)
    (job.draft / "model").write_text("m")
    a_download(person)
    return person


def files_of(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_rows_and_files_go_once_nothing_runs(client, zed, tmp_path):
    submit(Drill(owner=zed, name="runs"))
    running = Drill.objects.claim(Worker.of_this_process("drill"))
    api = api_of(zed)
    client.force_login(zed)
    request_deletion(zed)
    assert client.get("/").status_code == 302
    assert api.get("/api/v1/downloads/").status_code == 401
    Housekeeper().purge()
    assert get_user_model().objects.filter(pk=zed.pk).exists()
    running.refresh_from_db()
    assert running.cancel_requested
    Drill.objects.filter(pk=running.pk).transition(Status.CANCELLED)
    for download in Download.objects.all():  # the engine's part
        assert download.delete_requested
        assert download.delete_data
        download.remove()
    Housekeeper().purge()
    Housekeeper().purge()
    assert not get_user_model().objects.filter(username="zed").exists()
    assert not PersonDeletion.objects.exists()
    assert not JobEvent.objects.exists()
    assert files_of(tmp_path) == []


def test_the_panel_deletes_a_person_with_data(client, root, zed):
    client.force_login(root)
    page = reverse("admin:auth_user_delete", args=[zed.pk])
    asked = client.get(page)
    assert "training: 1" in asked.content.decode()
    answer = client.post(page, {"post": "yes"})
    assert answer.status_code == 302
    zed.refresh_from_db()
    assert not zed.is_active
    assert PersonDeletion.objects.get().user == zed


def test_the_panel_deletes_many_at_once(client, root, zed, bob):
    client.force_login(root)
    data = {"action": "delete_selected", "_selected_action": [zed.pk, bob.pk], "post": "yes"}
    assert client.post(reverse("admin:auth_user_changelist"), data).status_code == 302
    assert PersonDeletion.objects.count() == 2


def test_nobody_deletes_themselves_in_the_panel(client, root):
    client.force_login(root)
    page = reverse("admin:auth_user_delete", args=[root.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), data)
    assert not PersonDeletion.objects.exists()


def test_the_command_deletes_a_person(zed, capsys):
    call_command("deleteuser", "zed")
    assert "is being deleted" in capsys.readouterr().err
    assert PersonDeletion.objects.get().user == zed
