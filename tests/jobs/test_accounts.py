"""Signing in, one-time links, passwords and API tokens."""

import itertools
import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.accounts.sign_in_links import sign_in_link
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.text import UNFIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(db):
    return get_user_model().objects.create_user("new", password=None)


def path_of(user) -> str:
    return "/" + sign_in_link(user).split("/", 3)[3]


def test_a_page_sends_strangers_to_the_sign_in_and_back(client):
    response = client.get("/training/?status=failed")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=/training/%3Fstatus%3Dfailed"


def test_a_poll_of_somebody_signed_out_reloads_instead_of_swapping_the_form_in(client):
    response = client.get(
        "/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/"}
    )
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=/"
    assert response.content == b""


def test_opening_a_link_changes_nothing_and_its_button_signs_in_once(client, newcomer):
    path = path_of(newcomer)
    page = client.get(path)
    assert page.status_code == 200
    assert "_auth_user_id" not in client.session
    response = client.post(path)
    assert response.headers["Location"] == reverse("password")
    assert client.session["_auth_user_id"] == str(newcomer.pk)
    client.logout()
    assert client.post(path).status_code == 404
    assert "_auth_user_id" not in client.session


def test_a_link_works_once_within_one_second_too(client, ann, monkeypatch):
    moments = itertools.count()
    second = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: second + timedelta(microseconds=next(moments)))
    client.force_login(ann)
    ann.refresh_from_db()
    path = path_of(ann)
    client.logout()
    assert client.post(path).status_code == 302
    client.logout()
    assert client.post(path).status_code == 404


@pytest.mark.parametrize("path", ["/accounts/link/MQ/abc-def/", "/accounts/link/!!/x/"])
def test_a_link_that_is_not_ours_is_404(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_a_link_of_somebody_deactivated_is_404(client, newcomer):
    path = path_of(newcomer)
    newcomer.is_active = False
    newcomer.save()
    assert client.post(path).status_code == 404


def test_choosing_the_first_password_then_signing_in_with_it(client, newcomer):
    client.post(path_of(newcomer))
    words = {"new_password1": "tangerine-42-sky", "new_password2": "tangerine-42-sky"}
    assert client.post(reverse("password"), words).status_code == 302
    assert client.get("/").status_code == 200, "the session goes on"
    client.logout()
    signed_in = client.post("/accounts/login/", {"username": "new", "password": "tangerine-42-sky"})
    assert signed_in.headers["Location"] == "/"


def test_changing_a_password_asks_for_the_old_one(client, ann):
    client.force_login(ann)
    words = {"new_password1": "tangerine-42-sky", "new_password2": "tangerine-42-sky"}
    page = client.post(reverse("password"), words)
    assert page.status_code == 200
    assert "old_password" in page.context["form"].errors


def test_a_token_is_shown_once_works_and_can_be_revoked(client, ann, bob):
    client.force_login(ann)
    page = client.post(reverse("tokens"), {"name": "backup"})
    secret = page.context["new_token"]
    assert secret in page.content.decode()
    assert secret not in client.get(reverse("tokens")).content.decode()
    assert not re.search(secret, str(list(ApiToken.objects.values_list())))

    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/training/", headers=bearer).status_code == 200
    address = reverse("revoke-token", args=[ApiToken.objects.get().digest])
    assert client.get(address).status_code == 405
    client.force_login(bob)
    assert client.post(address).status_code == 404
    client.force_login(ann)
    assert client.post(address).status_code == 302
    assert client.get("/api/v1/training/", headers=bearer).status_code == 401


def test_the_api_knows_tokens_only(client, ann):
    client.force_login(ann)
    answer = client.get("/api/v1/training/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "detail" in answer.json()
    for header in ("Bearer", "Bearer nonsense", "Bearer a b", "Basic eDp5"):
        bad = client.get("/api/v1/training/", headers={"Authorization": header})
        assert bad.status_code == 401, header


def test_the_token_command_prints_the_token_alone_on_the_last_line(ann, capsys, client):
    call_command("token", "ann")
    secret = capsys.readouterr().out.splitlines()[-1]
    answer = client.get("/api/v1/training/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


def test_a_command_for_an_unknown_user_ends_with_status_2_and_a_sentence(db, capsys):
    with pytest.raises(SystemExit) as end:
        call_command("token", "nobody")
    assert end.value.code == 2
    assert "There is no user named 'nobody'." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no\udcffbody"], "There is no user named"),
        (["ann", "--name", "x" * 81], "--name takes at most 80 characters."),
    ],
)
def test_odd_words_of_a_command_are_refused_with_a_sentence(ann, capsys, words, said):
    with pytest.raises(SystemExit) as end:
        call_command("token", *words)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_a_token_is_named_by_text_that_can_be_stored(ann):
    call_command("token", "ann", "--name", "b\udcff\nx")
    assert not UNFIT.search(ApiToken.objects.get().name)


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v2/x", "/api/v1/training/x/"])
def test_an_api_address_that_is_not_there_answers_in_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is nothing at this address, or it is not yours."}
