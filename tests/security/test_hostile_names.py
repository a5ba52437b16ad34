"""Hostile text as user, token, job, log and file name, through every core page and export."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.http import Http404

from jobsite.jobs import queue
from jobsite.jobs.execution.report import finite
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.text import UNFIT, one_line, storable
from jobsite.jobs.web.attachments import attachment
from tests.support.hostile_names import EVERY, Found
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = pytest.mark.django_db
PAGES = [
    "/",
    "/training/",
    "/training/?q={name}",
    "/training/{job}/",
    "/training/{job}/delete/",
    "/accounts/tokens/",
    "/accounts/second-factor/",
    "/admin/",
    "/admin/training/trainingjob/",
    "/admin/training/trainingjob/{job}/change/",
    "/admin/jobs/jobevent/",
    "/admin/jobs/apitoken/",
    "/admin/auth/user/",
    "/admin/auth/user/{user}/change/",
    "/admin/auth/user/{user}/history/",
]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    return path


@EVERY
def test_a_name_is_text_on_every_page(client, table, name):
    """The person, their token, their job, its log, message and error all have that name."""
    person = get_user_model().objects.create_superuser(storable(name)[:150])
    ApiToken.make(person, storable(name)[:80])
    job = TrainingJob.of(Dataset.copy(table, person, {}), "y")
    job.name = name[:255]
    queue.submit(job)
    text = storable(name)[:255]
    TrainingJob.objects.filter(pk=job.pk).update(message=text, error=text)
    job.log(text)
    client.force_login(person)
    for page in PAGES:
        path = page.format(job=job.pk, user=person.pk, name="zqx")
        answer = client.get(path)
        assert answer.status_code == 200, path
        found = Found()
        found.feed(answer.content.decode())
        assert found.bad == [], path
    token = ApiToken.make(person, "t")
    document = client.get("/api/v1/training/", headers={"Authorization": f"Bearer {token}"})
    assert document.headers["Content-Type"] == "application/json"
    assert document.json()["results"][0]["name"] == one_line(name[:255])


@EVERY
def test_a_name_moves_no_cursor_of_a_terminal(ann, table, name, capsys):
    job = TrainingJob.of(Dataset.copy(table, ann, {}), "y")
    job.name = name[:255]
    queue.submit(job)
    TrainingJob.objects.update(error=storable(name), message=storable(name)[:255])
    call_command("jobs")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert not UNFIT.search(lines[0])
    call_command("jobs", "--json")
    assert json.loads(capsys.readouterr().out)[0]["name"] == one_line(name[:255])


@EVERY
def test_a_file_is_served_under_its_name_and_under_no_other_header(rf, tmp_path, name):
    file = tmp_path / "bytes"
    file.write_bytes(b"<script>zqx()</script>")
    answer = attachment(rf.get("/"), file, name)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert "\r" not in disposition + "\n".join(answer.headers.values())
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")


@EVERY
def test_what_a_job_reports_can_be_stored(ann, name):
    said = finite({"event": name, "fields": {name: [name, float("nan")]}})
    JobEvent.objects.create(kind="drill", job_id="0" * 32, text=said["event"])
    assert JobEvent.objects.get().text == storable(name)
    json.dumps(said, allow_nan=False).encode()


@EVERY
@pytest.mark.parametrize("door", ["/accounts/login/", "/admin/login/"])
def test_a_name_at_the_sign_in_is_refused_like_any_other(client, db, name, door):
    data = {"username": name.encode(errors="replace").decode(), "password": name[:50]}
    data["password"] = data["username"][:50]
    for _ in range(2):
        answer = client.post(door, data)
        assert answer.status_code == 200
        found = Found()
        found.feed(answer.content.decode())
        assert found.bad == []


@EVERY
def test_a_token_with_that_name_is_made_or_refused_in_words(client, ann, name):
    client.force_login(ann)
    sent = name.encode(errors="replace").decode()
    answer = client.post("/accounts/tokens/", {"name": sent})
    assert answer.status_code == 200
    made = ApiToken.objects.filter(user=ann).first()
    assert made is not None or answer.context["form"].errors


@EVERY
def test_a_name_in_an_address_is_at_most_not_found(client, ann, name):
    from urllib.parse import quote

    client.force_login(ann)
    part = quote(name.encode(errors="replace"), safe="")
    job = "00000000-0000-0000-0000-000000000000"
    for path in (
        f"/{part}",
        f"/training/?q={part}&status={part}&sort={part}&page={part}",
        f"/downloads/?q={part}&status={part}&sort={part}&page={part}",
        f"/training/{job}/plots/{part}",
        f"/accounts/link/{part}/{part}/",
        f"/accounts/code/?next={part}",
        f"/accounts/login/?next={part}",
        f"/accounts/tokens/{part}/revoke/",
    ):
        answer = client.get(path)
        assert answer.status_code < 500, path
        found = Found()
        found.feed(answer.content.decode(errors="replace"))
        assert found.bad == [], path


def test_a_file_that_is_not_there_is_404(rf, tmp_path):
    with pytest.raises(Http404):
        attachment(rf.get("/"), tmp_path / "none", "x")
