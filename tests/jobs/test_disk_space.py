"""A disk that fills up: uploads leave a floor, and an outcome is written from a reserve."""

import os
import subprocess
import time
import uuid

import pytest
from django.db import DatabaseError

from jobsite.jobs.execution import recording
from jobsite.jobs.execution.outcome import Outcome, load
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.recovery import retention
from jobsite.jobs.status import Status
from jobsite.jobs.storage import disk_space
from tests.drill.models import Drill
from tests.factories import api_of
from training.models.dataset import Dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_disk(tmp_path, settings):
    """A data folder on a file system of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    settings.DATA_DIR = settings.FILE_UPLOAD_TEMP_DIR = folder
    settings.OUTCOME_DIR = folder / "outcomes"
    settings.OUTCOME_DIR.mkdir()
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder) -> None:
    """Write until not a byte is left."""
    with (
        (folder / "ballast").open("wb", buffering=0) as file,
        pytest.raises(OSError, match="space"),
    ):
        while True:
            file.write(bytes(4096))


def test_an_outcome_is_written_to_a_full_disk_while_the_database_is_away(
    small_disk, ann, monkeypatch
):
    """SQLite lies on the same disk and is full as well."""
    submit(Drill(owner=ann, name="a"))
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    disk_space.keep_reserve()
    assert disk_space.reserve_file().stat().st_size == disk_space.RESERVE
    fill(small_disk)

    def full(outcome):
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(recording, "apply", full)
    outcome = Outcome("drill", str(job.pk), job.attempt, Status.SUCCEEDED, "", {"score": 1.0})
    recording.record(outcome)
    [file] = (small_disk / "outcomes").glob("*.json")
    assert load(file) == outcome
    assert not disk_space.reserve_file().exists()
    disk_space.keep_reserve()
    assert not disk_space.reserve_file().exists(), "there is no room for a new one yet"
    (small_disk / "ballast").unlink()
    disk_space.keep_reserve()
    assert disk_space.reserve_file().exists()


@pytest.mark.usefixtures("own_folders")
def test_uploads_leave_a_floor(client, ann, settings, tmp_path):
    settings.FREE_MB = disk_space.free() // 2**20 + 1000
    table = tmp_path / "t.csv"
    table.write_text("x,y\n1,2\n3,4\n")
    client.force_login(ann)
    with table.open("rb") as file:
        page = client.post("/training/new/", {"file": file})
    assert page.status_code == 507
    assert "The disk of this site is nearly full" in page.content.decode()
    with table.open("rb") as file:
        answer = api_of(ann).post("/api/v1/datasets/", {"file": file})
    assert answer.status_code == 507
    assert answer.json()["detail"] == disk_space.no_room_sentence()
    assert not Dataset.objects.exists()
    settings.FREE_MB = 0
    with table.open("rb") as file:
        assert api_of(ann).post("/api/v1/datasets/", {"file": file}).status_code == 201


@pytest.mark.usefixtures("own_folders")
def test_the_size_of_a_result_follows_what_is_published(ann):
    submit(Drill(owner=ann, name="a"))
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    assert disk_space.size_of(job.directory) == 0
    job.draft.mkdir(parents=True)
    (job.draft / "out").write_bytes(bytes(100))
    assert Drill.stored_bytes(ann) == 100
    (job.draft / "out").write_bytes(bytes(300))
    assert Drill.stored_bytes(ann) == 300
    job.publish()
    assert Drill.stored_bytes(ann) == 300


@pytest.mark.usefixtures("own_folders")
def test_what_nobody_owns_goes_after_a_week(ann, settings, tmp_path):
    settings.OUTCOME_DIR = tmp_path / "outcomes"
    submit(Drill(owner=ann, name="a"))
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    ended = Drill.objects.create(owner=ann, name="b")
    Drill.objects.filter(pk=ended.pk).transition(Status.CANCELLED)
    mine = [job.directory / "attempt-1", ended.directory / "result"]
    gone = [tmp_path / "drill" / str(uuid.uuid4()), ended.directory / "attempt-1"]
    odd = tmp_path / "drill" / "a-b-c-d-e"
    library = tmp_path / "downloads" / str(uuid.uuid4())
    for folder in [*mine, *gone, odd, library]:
        folder.mkdir(parents=True)
    for name in ("a.part", "b.damaged", "c.json"):
        (settings.OUTCOME_DIR).mkdir(exist_ok=True)
        (settings.OUTCOME_DIR / name).touch()
    retention.remove_scraps()
    assert all(folder.exists() for folder in gone)
    long_ago = time.time() - 8 * 86_400
    for path in [*tmp_path.rglob("*")]:
        os.utime(path, (long_ago, long_ago))
    retention.remove_scraps()
    assert not any(folder.exists() for folder in gone)
    assert all(folder.exists() for folder in [*mine, odd, library])
    assert [path.name for path in settings.OUTCOME_DIR.iterdir()] == ["c.json"]
