"""The second factor: set up, asked for at every door, used once, turned off."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from jobsite.jobs.accounts import second_factor, second_factor_views
from jobsite.jobs.accounts.sign_in_links import sign_in_link

pytestmark = pytest.mark.django_db
PASSWORD = {"username": "ann", "password": "ann-secret-1"}
WRONG = {"username": "ann", "password": "guess"}


def code_of(user, steps: int = 0) -> str:
    """What the app shows now, or some steps later."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, t0=device.t0 - 30 * steps):06d}"


def wrong_code_of(user) -> str:
    """Six digits that the app shows neither now nor a little earlier or later."""
    shown = {code_of(user, steps) for steps in range(-3, 4)}
    return next(code for code in map("{:06d}".format, range(10)) if code not in shown)


@pytest.fixture
def protected(ann):
    """ann with a second factor that is on; the codes of the present are not used up."""
    TOTPDevice.objects.create(user=ann, name="app", confirmed=True)
    return second_factor.make_codes(ann)


def is_in(client) -> bool:
    return client.get("/training/").status_code == 200


def test_setting_it_up_shows_the_secret_and_then_the_codes_once(client, ann):
    client.force_login(ann)
    page = reverse("second-factor-setup")
    assert "Set it up" in client.get(page).content.decode()
    assert not TOTPDevice.objects.exists(), "looking makes no secret"
    client.post(page, {"action": "start"})
    shown = client.get(page).content.decode()
    assert "data:image/svg+xml" in shown
    wrong = {"action": "confirm", "code": wrong_code_of(ann)}
    assert "Wait for its next one" in client.post(page, wrong).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    done = client.post(page, {"action": "confirm", "code": code_of(ann)})
    codes = done.context["new_codes"]
    assert len(set(codes)) == 10
    assert is_in(client), "the session that set it up goes on"
    after = client.get(page).content.decode()
    assert codes[0] not in after
    assert "10 recovery codes left" in after
    assert second_factor_views.spelled(TOTPDevice.objects.get()) not in after


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
    TOTPDevice.objects.update(throttling_failure_count=12)  # one costs a second, as this test may
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
