"""Signing in: throttling, sessions, invitations."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from jobsite.jobs.accounts import client_address

pytestmark = pytest.mark.django_db
PASSWORD = {"username": "ann", "password": "ann-secret-1"}
WRONG = {"username": "ann", "password": "guess"}


def is_in(client) -> bool:
    return client.get("/training/").status_code == 200


# --- throttling ---


@pytest.mark.parametrize("door", ["/accounts/login/", "/admin/login/"])
def test_a_name_is_locked_for_the_address_that_guesses_and_for_no_other(client, ann, door):
    for _ in range(8):
        client.post(door, WRONG)
    locked = client.post(door, PASSWORD)
    assert locked.status_code == 429
    assert "Too many sign-ins from your address" in locked.content.decode()
    assert not is_in(client)
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    elsewhere.post("/accounts/login/", PASSWORD)
    assert is_in(elsewhere)


def test_the_lock_ends_after_its_time(client, ann, settings):
    for _ in range(8):
        client.post("/accounts/login/", WRONG)
    assert client.post("/accounts/login/", PASSWORD).status_code == 429
    settings.AXES_COOLOFF_TIME = timedelta(microseconds=1)
    client.post("/accounts/login/", PASSWORD)
    assert is_in(client)


def test_an_address_is_locked_whatever_names_it_tries(client, ann):
    answers = [
        client.post("/accounts/login/", {"username": f"name{number}", "password": "guess"})
        for number in range(41)
    ]
    assert [answer.status_code for answer in answers[:39]] == [200] * 39
    assert answers[-1].status_code == 429
    assert client.post("/accounts/login/", PASSWORD).status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    elsewhere.post("/accounts/login/", PASSWORD)
    assert is_in(elsewhere)


def test_a_success_starts_the_count_anew(client, ann):
    for _ in range(2):
        for _ in range(6):
            client.post("/accounts/login/", WRONG)
        assert client.post("/accounts/login/", PASSWORD).status_code == 302
        client.logout()


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "203.0.113.5", "127.0.0.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        (2, "1.1.1.1, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "10.0.0.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_a_visitor_cannot_choose_the_address_that_is_counted(
    rf, settings, proxies, header, expected
):
    settings.PROXIES = proxies
    assert client_address.address(rf.get("/", headers={"X-Forwarded-For": header})) == expected


# --- sessions ---


def test_signing_in_gives_the_session_a_new_key(client, ann):
    client.get("/accounts/login/")
    client.session.save()
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    client.post("/accounts/login/", PASSWORD)
    assert is_in(client)
    assert client.cookies["sessionid"].value != before
    assert not is_in(Client(headers={"Cookie": f"sessionid={before}"}))


def test_changing_the_password_ends_every_other_session(client, ann):
    other = Client()
    for one in (client, other):
        one.post("/accounts/login/", PASSWORD)
    words = {
        "old_password": "ann-secret-1",
        "new_password1": "tangerine-42-sky",
        "new_password2": "tangerine-42-sky",
    }
    assert client.post(reverse("password"), words).status_code == 302
    assert is_in(client)
    assert not is_in(other)


def test_signing_out_makes_the_session_useless(client, ann):
    client.post("/accounts/login/", PASSWORD)
    key = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    assert not is_in(Client(headers={"Cookie": f"sessionid={key}"}))


# --- invitations ---


def test_an_administrator_makes_links_for_new_people_and_only_an_administrator(client, ann, root):
    new = get_user_model().objects.create_user("new", password=None)
    gone = get_user_model().objects.create_user("gone", is_active=False)
    chosen = {"action": "make_links", "_selected_action": [new.pk, gone.pk]}
    client.force_login(root)
    page = client.post("/admin/auth/user/", chosen).content.decode()
    assert "this user cannot sign in" in page
    path = re.search(r"http://[^/]+(/accounts/link/[^<]+)", page)[1]
    fresh = Client()
    assert fresh.post(path).headers["Location"] == reverse("password")
    from django.contrib.auth.models import Permission

    ann.is_staff = True
    ann.save()
    ann.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(ann)
    assert "/accounts/link/" not in client.post("/admin/auth/user/", chosen).content.decode()
