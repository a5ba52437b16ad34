"""One person's many files leave threads for everybody else."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from jobsite.jobs.web import streams
from training.models.dataset import Dataset

pytestmark = pytest.mark.django_db


def table_of(person, tmp_path) -> str:
    path = tmp_path / f"{person}.csv"
    path.write_text("x,y\n" + "1,2\n" * 20)
    return f"/training/datasets/{Dataset.copy(path, person, {}).pk}/file/"


def test_a_person_reads_so_many_files_at_once_and_others_still_read(client, ann, bob, tmp_path):
    address = table_of(ann, tmp_path)
    client.force_login(ann)
    open_ones = [client.get(address) for _ in range(streams.AT_ONCE)]
    assert {answer.status_code for answer in open_ones} == {200}
    refused = client.get(address)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == str(streams.RETRY_AFTER)
    assert "being sent to you already" in refused.content.decode()
    assert client.get("/training/").status_code == 200
    other = Client()
    other.force_login(bob)
    assert other.get(table_of(bob, tmp_path)).status_code == 200
    assert b"".join(open_ones.pop().streaming_content).startswith(b"x,y")
    open_ones.append(client.get(address))
    assert open_ones[-1].status_code == 200
    assert client.get(address).status_code == 429
    for answer in open_ones:
        assert b"".join(answer.streaming_content)


def test_nginx_sends_files_where_it_is_told_to(client, ann, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.ACCEL = True
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 20)
    dataset = Dataset.copy(path, get_user_model().objects.get(pk=ann.pk), {})
    client.force_login(ann)
    answer = client.get(f"/training/datasets/{dataset.pk}/file/")
    inside = dataset.path.relative_to(tmp_path)
    assert answer.headers["X-Accel-Redirect"] == f"/.files/data/{inside}"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.content == b""
    dataset.path.unlink()
    assert client.get(f"/training/datasets/{dataset.pk}/file/").status_code == 404
