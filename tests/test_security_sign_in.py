"""Throttling, sessions, the second factor, tokens that may only read, invitations."""

import re
import time

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobsite.jobs import second_factor, visitors
from jobsite.jobs.links import sign_in_link
from jobsite.jobs.tokens import READ_ONLY, ApiToken

pytestmark = pytest.mark.django_db
PASSWORD = {"username": "ann", "password": "ann-secret-1"}
WRONG = {"username": "ann", "password": "guess"}


@pytest.fixture
def root(db):
    return get_user_model().objects.create_superuser("root", password="root-secret-1")


def code_of(user, steps: int = 0) -> str:
    """What the app shows now, or some steps later."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, t0=device.t0 - 30 * steps):06d}"


@pytest.fixture
def protected(ann):
    """ann with a second factor that is on; the codes of the present are not used up."""
    TOTPDevice.objects.create(user=ann, name="app", confirmed=True)
    return second_factor.make_codes(ann)


def is_in(client) -> bool:
    return client.get("/training/").status_code == 200


# --- throttling ---


@pytest.mark.parametrize("door", ["/accounts/login/", "/admin/login/"])
def test_a_name_is_locked_for_the_address_that_guesses_and_for_no_other(client, ann, door):
    for _ in range(8):
        client.post(door, WRONG)
    locked = client.post(door, PASSWORD)
    assert locked.status_code == 429
    assert "was wrong 8 times" in locked.content.decode()
    assert not is_in(client)
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    elsewhere.post("/accounts/login/", PASSWORD)
    assert is_in(elsewhere)


def test_the_lock_ends_after_its_time(client, ann, settings):
    settings.AXES_COOLOFF_TIME = None
    for _ in range(8):
        client.post("/accounts/login/", WRONG)
    assert client.post("/accounts/login/", PASSWORD).status_code == 429
    from datetime import timedelta

    settings.AXES_COOLOFF_TIME = timedelta(microseconds=1)
    client.post("/accounts/login/", PASSWORD)
    assert is_in(client)


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
    assert visitors.address(rf.get("/", headers={"X-Forwarded-For": header})) == expected


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


# --- second factor ---


def test_setting_it_up_shows_the_secret_and_then_the_codes_once(client, ann):
    client.force_login(ann)
    page = reverse("second-factor-setup")
    assert "Set it up" in client.get(page).content.decode()
    assert not TOTPDevice.objects.exists(), "looking makes no secret"
    client.post(page, {"action": "start"})
    shown = client.get(page).content.decode()
    assert "data:image/svg+xml" in shown
    assert (
        "Wait for its next one"
        in client.post(page, {"action": "confirm", "code": "000000"}).content.decode()
    )
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    done = client.post(page, {"action": "confirm", "code": code_of(ann)})
    codes = done.context["new_codes"]
    assert len(set(codes)) == 10
    assert is_in(client), "the session that set it up goes on"
    after = client.get(page).content.decode()
    assert codes[0] not in after
    assert "10 recovery codes left" in after
    assert second_factor.spelled(TOTPDevice.objects.get()) not in after


@pytest.mark.parametrize("door", ["/accounts/login/", "/admin/login/", "link"])
def test_no_door_opens_before_the_code(client, ann, protected, door):
    ann.is_staff = ann.is_superuser = True
    ann.save()
    path = "/" + sign_in_link(ann).split("/", 3)[3] if door == "link" else door
    client.post(path, PASSWORD)
    for closed in ("/", "/training/", "/admin/", "/accounts/tokens/", reverse("password")):
        answer = client.get(closed)
        assert answer.status_code == 302, closed
        assert answer.headers["Location"].startswith("/accounts/code/?next="), closed
    for change in ("/training/new/", "/accounts/second-factor/", "/admin/auth/user/add/"):
        assert client.post(change, {"action": "off"}).status_code == 302
    assert TOTPDevice.objects.exists()
    poll = client.get("/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/"})
    assert poll.headers["HX-Redirect"] == "/accounts/code/?next=/"
    key = client.cookies["sessionid"].value
    answer = client.post("/accounts/code/", {"code": code_of(ann), "next": "/downloads/"})
    assert answer.headers["Location"] == "/downloads/"
    assert client.cookies["sessionid"].value != key
    assert is_in(client)


def test_sessions_that_are_older_than_the_second_factor_owe_it_too(client, ann):
    elsewhere = Client()
    for one in (client, elsewhere):
        one.post("/accounts/login/", PASSWORD)
        assert is_in(one)
    page = "/accounts/second-factor/"
    client.post(page, {"action": "start"})
    client.get(page)
    client.post(page, {"action": "confirm", "code": code_of(ann)})
    assert TOTPDevice.objects.get().confirmed
    assert is_in(client), "this one has given a code"
    assert elsewhere.get("/").headers["Location"].startswith("/accounts/code/")


def test_a_code_works_once_and_wrong_ones_are_slowed_down(client, ann, protected):
    client.post("/accounts/login/", PASSWORD)
    code = code_of(ann)
    client.post("/accounts/code/", {"code": code})
    client.post("/accounts/logout/")
    client.post("/accounts/login/", PASSWORD)
    again = client.post("/accounts/code/", {"code": code})
    assert "was used already" in again.content.decode()
    slowed = client.post("/accounts/code/", {"code": code_of(ann, steps=1)})
    assert "Too many wrong codes" in slowed.content.decode()
    assert not is_in(client)


def test_a_recovery_code_works_once(client, ann, protected):
    for expected in (True, False):
        client.post("/accounts/login/", PASSWORD)
        client.post("/accounts/code/", {"code": f" {protected[0].upper()} "})
        assert is_in(client) is expected
        client.post("/accounts/logout/")
    assert StaticToken.objects.count() == 9


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_code_does_not_lead_to_another_site(client, ann, protected, target):
    client.post("/accounts/login/", PASSWORD)
    answer = client.post("/accounts/code/", {"code": code_of(ann), "next": target})
    assert answer.headers["Location"] == "/"


def test_turning_it_off_needs_a_code(client, ann, protected):
    client.post("/accounts/login/", PASSWORD)
    client.post("/accounts/code/", {"code": protected[0]})
    page = reverse("second-factor-setup")
    refused = client.post(page, {"action": "off", "code": "aaaaaaaa"})
    assert "This code is not right" in refused.content.decode()
    StaticToken.objects.first().device.throttle_reset()
    new = client.post(page, {"action": "codes", "code": code_of(ann)}).context["new_codes"]
    assert protected[1] not in new
    client.post(page, {"action": "off", "code": new[0]})
    assert not TOTPDevice.objects.exists()


def test_an_administrator_or_the_command_helps_out(client, ann, root, protected, capsys):
    client.force_login(root)
    chosen = {"action": "reset_second_factor", "_selected_action": [ann.pk]}
    client.post("/admin/auth/user/", chosen)
    assert not TOTPDevice.objects.exists()
    TOTPDevice.objects.create(user=ann, name="app", confirmed=True)
    call_command("signin", "ann", "--reset-second-factor")
    assert capsys.readouterr().out.startswith("http")
    assert not TOTPDevice.objects.exists()


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


# --- tokens ---


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
