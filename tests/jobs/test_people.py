"""People: invited by administrators with a link, back in after a forgotten password."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse

from jobsite.jobs.accounts.people_views import ForgottenPassword
from jobsite.jobs.models.worker import Worker

pytestmark = pytest.mark.django_db
LINK = re.compile(r"/accounts/link/[\w/-]+")


def invite(client, **fields):
    data = {"username": "newcomer", "email": "", "role": "member", **fields}
    return client.post(reverse("people"), data)


@pytest.mark.parametrize(("role", "is_superuser"), [("member", False), ("administrator", True)])
def test_an_invitation_is_a_link_that_signs_in_once(client, root, role, is_superuser):
    client.force_login(root)
    text = invite(client, role=role).content.decode()
    person = get_user_model().objects.get(username="newcomer")
    assert (person.is_superuser, person.is_staff) == (is_superuser, is_superuser)
    assert not person.has_usable_password()
    assert "Sign-in link for newcomer" in text
    assert "data-copy" in text
    path = LINK.search(text)[0]
    theirs = Client()
    assert theirs.post(path).headers["Location"] == reverse("password")
    assert theirs.session["_auth_user_id"] == str(person.pk)
    assert Client().post(path).status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "ROOT"}, "“ROOT” has an account already."),
        ({"username": "a b"}, "Enter a valid username."),
        ({"role": "king"}, "Select a valid choice."),
        ({"email": "nowhere"}, "Enter a valid email address."),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_in_words(client, root, fields, sentence):
    client.force_login(root)
    before = get_user_model().objects.count()
    assert sentence in invite(client, **fields).content.decode()
    assert get_user_model().objects.count() == before


def test_somebody_who_forgot_the_password_gets_a_new_link(client, root, ann):
    client.force_login(root)
    text = client.post(reverse("person-link", args=[ann.pk])).content.decode()
    theirs = Client()
    theirs.post(LINK.search(text)[0])
    assert theirs.session["_auth_user_id"] == str(ann.pk)
    ann.is_active = False
    ann.save()
    assert client.post(reverse("person-link", args=[ann.pk])).status_code == 404


def test_members_find_no_people_no_workers_and_no_admin_panel(client, ann, root):
    Worker.of_this_process("drill")
    client.force_login(ann)
    for path in (reverse("people"), "/admin/login/?next=/admin/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "somebody else" not in answer.content.decode()
    assert client.post(reverse("person-link", args=[root.pk])).status_code == 404
    assert client.get("/admin/", follow=True).status_code == 404
    assert "Workers" not in client.get("/").content.decode()
    assert "People" not in client.get("/").content.decode()
    client.force_login(root)
    text = client.get("/").content.decode()
    assert "Workers" in text
    assert reverse("people") in text


def test_the_admin_panel_has_the_sign_in_of_the_site(client, root):
    answer = client.get("/admin/auth/", follow=True)
    assert "Forgot your password?" in answer.content.decode()
    answer = client.post(
        answer.redirect_chain[-1][0],
        {"username": "root", "password": "root-secret-1", "next": "/admin/auth/"},
    )
    assert answer.headers["Location"] == "/admin/auth/"


def test_without_mail_the_page_says_whom_to_ask(client, ann):
    page = client.get(reverse("login")).content.decode()
    assert reverse("password_reset") in page
    text = client.get(reverse("password_reset")).content.decode()
    assert "Ask an administrator of this site for a sign-in link" in text
    client.post(reverse("password_reset"), {"email": "ann@example.org"})
    assert mail.outbox == []


@pytest.fixture
def with_mail(settings, monkeypatch, ann):
    settings.SENDS_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(ForgottenPassword, "extra_context", {"sends_email": True})
    ann.email = "ann@example.org"
    ann.save()


def test_with_mail_a_link_sets_a_new_password(client, ann, with_mail):
    told = [
        client.post(reverse("password_reset"), {"email": address}, follow=True).content.decode()
        for address in ("ann@example.org", "nobody@example.org")
    ]
    assert all("a link to choose a new password is on its way" in text for text in told)
    [message] = mail.outbox
    assert message.to == ["ann@example.org"]
    path = re.search(r"http://testserver(/accounts/reset/\S+)", message.body)[1]
    answer = client.get(path, follow=True)
    form = {"new_password1": "short", "new_password2": "short"}
    refused = client.post(answer.redirect_chain[-1][0], form).content.decode()
    assert "This password is too short" in refused
    assert "What you typed is kept" not in refused
    form = dict.fromkeys(form, "a-new-secret-7")
    answer = client.post(answer.redirect_chain[-1][0], form)
    assert answer.headers["Location"] == reverse("login")
    ann.refresh_from_db()
    assert ann.check_password("a-new-secret-7")
    assert "This link does not work" in Client().get(path, follow=True).content.decode()
