"""API tokens: what they may do, how long they last, and what is none."""

import time

import pytest
from django.core.management import call_command
from django.urls import reverse

from jobsite.jobs.api.authentication import READ_ONLY
from jobsite.jobs.models.api_token import ApiToken

pytestmark = pytest.mark.django_db
PASSWORD = {"username": "ann", "password": "ann-secret-1"}
WRONG = {"username": "ann", "password": "guess"}


def test_a_token_that_may_only_read_gets_a_sentence_on_every_change(client, ann):
    secret = ApiToken.make(ann, "watch", read_only=True)
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/training/", headers=bearer).status_code == 200
    unknown = "/api/v1/training/00000000-0000-0000-0000-000000000000/"
    calls = [
        ("post", "/api/v1/training/"),
        ("post", "/api/v1/downloads/"),
        ("post", "/api/v1/datasets/"),
        ("post", f"{unknown}cancel/"),
        ("delete", unknown),
    ]
    for method, path in calls:
        answer = getattr(client, method)(path, headers=bearer)
        assert (answer.status_code, answer.json()) == (403, {"detail": READ_ONLY}), path


def test_a_token_ends_when_it_said_it_would(client, ann):
    client.force_login(ann)
    made = client.post(reverse("tokens"), {"name": "x", "days": "30", "read_only": "on"})
    token = ApiToken.objects.get()
    assert token.read_only
    assert 29 < (token.expiry.timestamp() - time.time()) / 86_400 <= 30
    bearer = {"Authorization": f"Bearer {made.context['new_token']}"}
    assert client.get("/api/v1/training/", headers=bearer).status_code == 200
    ApiToken.objects.update(expiry=token.created)
    assert client.get("/api/v1/training/", headers=bearer).status_code == 401


def test_the_token_command_takes_days_and_scope(ann, capsys):
    call_command("token", "ann", "--days", "7", "--read-only", "--name", "cron")
    token = ApiToken.objects.get()
    assert (token.name, token.read_only) == ("cron", True)
    assert token.expiry is not None
    with pytest.raises(SystemExit):
        call_command("token", "ann", "--days", "0")
    assert "takes a number from 1" in capsys.readouterr().err


@pytest.mark.parametrize("token", [b"\xff\xfe", b"a\0b", "job_ä".encode(), b"x" * 5000])
def test_bytes_that_are_no_token_are_401(client, db, token):
    header = b"Bearer " + token
    answer = client.get("/api/v1/training/", HTTP_AUTHORIZATION=header.decode("latin-1"))
    assert answer.status_code == 401
