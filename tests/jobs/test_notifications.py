"""Who is told of an end: the outbox, e-mail, the page and the API."""

import json

import pytest
from django.db import transaction

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.notification import GIVEN_UP, Channel, Delivery
from jobsite.jobs.queue import submit
from jobsite.jobs.status import Status
from tests.drill.models import Drill
from tests.support.receiver import listening
from tests.support.webhook_bodies import deliver, end, hook

pytestmark = pytest.mark.django_db


# --- the outbox ---


def test_an_end_is_noted_for_its_owner_with_what_was_asked_for(ann, bob):
    hook(ann)
    hook(ann, succeeded=False)
    hook(bob)
    job = end(ann)
    notice = Delivery.objects.get()
    assert (notice.channel.owner, notice.job_id) == (ann, job.pk)
    assert notice.body["status"] == "succeeded"
    end(ann, Status.FAILED, error="No.")
    assert sorted(Delivery.objects.values_list("body__error", flat=True)) == ["", "No.", "No."]


def test_a_notice_exists_if_and_only_if_the_outcome_is_recorded(ann):
    hook(ann)
    job = end(ann)
    assert not Drill.objects.filter(pk=job.pk).transition(Status.FAILED), "it has ended"
    stale = Drill.objects.get(pk=job.pk)
    stale.attempt = 7
    assert not Drill.objects.fenced(stale.pk, stale.attempt).transition(Status.FAILED)
    with pytest.raises(RuntimeError), transaction.atomic():
        end(ann)
        raise RuntimeError("power cut")
    assert Delivery.objects.count() == 1


def test_a_cancelled_job_is_told_of_where_that_was_asked_for(ann):
    hook(ann, cancelled=True)
    job = Drill(owner=ann, name="d")
    submit(job)
    job.cancel()
    assert Delivery.objects.get().body["status"] == "cancelled"


# --- e-mail ---


def test_an_email_goes_to_the_address_of_the_account(ann, settings, mailoutbox):
    settings.SENDS_EMAIL = True
    ann.email = "ann@example.org"
    ann.save()
    Channel.objects.create(owner=ann, method="e-mail")
    end(ann, Status.FAILED, error="No column.\nBcc: x@example.org")
    assert deliver(Delivery.objects.get()).answer == "Sent to ann@example.org."
    mail = mailoutbox[0]
    assert (mail.to, mail.subject) == (["ann@example.org"], "[jobsite] a drill: failed")
    assert "No column." in mail.body


@pytest.mark.parametrize(("sends", "said"), [(False, "sends no e-mail"), (True, "has no e-mail")])
def test_an_email_that_cannot_go_says_why(ann, settings, sends, said):
    settings.SENDS_EMAIL = sends
    Channel.objects.create(owner=ann, method="e-mail")
    end(ann)
    notice = deliver(Delivery.objects.get())
    assert notice.state == GIVEN_UP
    assert said in notice.answer


# --- the page ---


def test_a_person_adds_tests_and_removes_a_webhook(client, ann):
    client.force_login(ann)
    ends = {"succeeded": "on"}
    page = "/accounts/notifications/"
    refused = client.post(page, {"method": "webhook", "url": "http://10.0.0.1/", **ends})
    assert "not an address of the public internet" in refused.content.decode()
    with listening() as server:
        client.post(page, {"method": "webhook", "url": server.url, **ends})
        channel = Channel.objects.get()
        assert channel.outcomes == ["succeeded"]
        client.post(f"{page}{channel.pk}/test/")
        client.post(f"{page}{channel.pk}/test/")
        assert "hx-get" in client.get(page).content.decode(), "the page looks for the answer"
        deliver(Delivery.objects.get())
        assert json.loads(server.came[0][1])["event"] == "test"
    shown = client.get(page).content.decode()
    assert "204 No Content" in shown
    assert channel.secret in shown
    client.post(f"{page}{channel.pk}/remove/")
    assert not Delivery.objects.exists()


def test_what_the_site_cannot_do_is_not_offered_and_said(client, ann):
    client.force_login(ann)
    page = client.get("/accounts/notifications/").content.decode()
    assert "has set no JOBSITE_EMAIL_URL" in page
    assert 'value="e-mail"' not in page
    assert 'value="program"' not in page
    answer = client.post("/accounts/notifications/", {"method": "program", "failed": "on"})
    assert answer.status_code == 200
    assert not Channel.objects.exists()


# --- the API ---


@pytest.fixture
def ask(client, ann):
    """Calls of ann to the API of channels."""
    secret = ApiToken.make(ann, "test")

    headers = {"Authorization": f"Bearer {secret}"}

    def call(verb, path="", **data):
        kind = {"data": json.dumps(data), "content_type": "application/json"} if data else {}
        return client.generic(verb, f"/api/v1/notifications/{path}", headers=headers, **kind)

    return call


def test_a_webhook_is_made_tested_and_removed_by_the_api(ask, ann):
    with listening() as server:
        made = ask("POST", method="webhook", url=server.url, failed=False)
        assert made.status_code == 201, made.content
        channel = Channel.objects.get(owner=ann)
        assert channel.outcomes == ["succeeded"]
        assert made.json()["secret"] == channel.secret
        assert ask("POST", f"{channel.pk}/test/").status_code == 202
        again = ask("POST", f"{channel.pk}/test/")
        assert (again.status_code, again.json()["detail"]) == (
            409,
            "A test is on its way already.",
        )
        deliver(Delivery.objects.get())
        assert json.loads(server.came[0][1])["event"] == "test"
    [listed] = ask("GET").json()["results"]
    assert listed == ask("GET", f"{channel.pk}/").json()
    assert "secret" not in listed
    assert (listed["target"], listed["program"]) == (server.url, None)
    assert [one["state"] for one in listed["deliveries"]] == ["delivered"]
    assert ask("DELETE", f"{channel.pk}/").status_code == 204
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"method": "webhook", "url": "http://10.0.0.1/"}, "url", "of the public internet"),
        ({"method": "webhook", "url": "file:///etc/passwd"}, "url", "The address"),
        ({"method": "webhook"}, "url", "The address"),
        ({"method": "e-mail"}, "method", "not one of the available choices"),
        ({"method": "program"}, "method", "not one of the available choices"),
        ({"method": "program", "program": "sh"}, "program", "does not exist"),
        ({"method": "pigeon"}, "method", "not a valid choice"),
        (
            {
                "method": "webhook",
                "url": "https://example.org/",
                "succeeded": False,
                "failed": False,
            },
            "detail",
            "Choose at least one end",
        ),
    ],
)
def test_what_the_page_refuses_the_api_refuses_too(ask, asked, field, said):
    refused = ask("POST", **asked)
    assert refused.status_code == 400
    assert said in str(refused.json()[field])
    assert not Channel.objects.exists()


def test_nobody_sees_or_touches_the_channels_of_somebody_else(ask, bob):
    theirs = hook(bob)
    assert ask("GET").json()["count"] == 0
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "test/")):
        assert ask(method, f"{theirs.pk}/{path}").status_code == 404
    assert Channel.objects.filter(pk=theirs.pk).exists()
    assert not Delivery.objects.exists()
