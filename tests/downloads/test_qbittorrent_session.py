"""Signing in to the part of the site that speaks qBittorrent's Web API."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobsite.jobs.models.api_token import ApiToken
from tests.support.sonarr import MAGNET

pytestmark = pytest.mark.django_db


def test_the_door_stays_shut_until_a_token_is_made(ann, client) -> None:
    form = {"username": "ann", "password": "ann-secret-1"}
    assert client.post("/api/v2/auth/login", form).content == b"Fails."
    ApiToken.make(ann, "x")
    assert client.post("/api/v2/auth/login", form).content == b"Ok."
    assert client.get("/api/v2/torrents/info").status_code == 200
    # A second factor set up later ends that session, too: the password is not enough any more.
    TOTPDevice.objects.create(user=ann, confirmed=True)
    assert client.get("/api/v2/torrents/info").status_code == 403
    assert client.post("/api/v2/auth/login", form).content == b"Fails."


def test_a_session_ends_with_its_token_and_by_signing_out(sonarr, ann, client) -> None:
    sonarr.get("torrents/info")
    cookie = sonarr.client.cookies["SID"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/v2/")
    # Its cookie opens nothing else, and no other cookie opens it.
    client.cookies["sessionid"] = cookie.value
    assert client.get("/downloads/").status_code == 302
    client = Client()
    client.force_login(ann)
    client.cookies["SID"] = client.cookies["sessionid"].value
    assert client.get("/api/v2/torrents/info").status_code == 403
    assert sonarr.client.post("/api/v2/auth/logout").content == b"Ok."
    sonarr.client.cookies["SID"] = cookie.value
    assert sonarr.client.get("/api/v2/torrents/info").status_code == 403
    sonarr.get("torrents/info")
    ApiToken.objects.all().delete()
    assert sonarr.client.get("/api/v2/torrents/info").status_code == 403


def test_a_token_as_bearer_needs_no_session_and_one_that_reads_changes_nothing(ann, client) -> None:
    bearer = {"Authorization": f"Bearer {ApiToken.make(ann, 'r', read_only=True)}"}
    assert client.get("/api/v2/torrents/info", headers=bearer).json() == []
    answer = client.post("/api/v2/torrents/add", {"urls": MAGNET}, headers=bearer)
    assert answer.status_code == 403 and b"may only read" in answer.content
    bearer = {"Authorization": f"Bearer {ApiToken.make(ann, 'w')}"}
    assert client.post("/api/v2/torrents/add", {"urls": MAGNET}, headers=bearer).content == b"Ok."
    assert client.get("/api/v2/torrents/add", headers=bearer).status_code == 405
    assert (
        client.get("/api/v2/app/version", headers={"Authorization": "Bearer x"}).status_code == 403
    )


def test_guessing_is_slowed_down(token, settings, client) -> None:
    get_user_model().objects.create_user("eve", password="eve-secret-1")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/api/v2/auth/login", {"username": "ann", "password": "wrong"})
    for password in (token, "ann-secret-1"):
        answer = client.post("/api/v2/auth/login", {"username": "ann", "password": password})
        assert (answer.status_code, answer.content[:8]) == (403, b"Too many")
    hostile = {"username": "\x00\ud800" * 300, "password": "\x00"}
    hostile = {name: text.encode("utf-8", "surrogatepass") for name, text in hostile.items()}
    assert client.post("/api/v2/auth/login", hostile).status_code in {400, 403}
