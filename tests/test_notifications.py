"""Who is told of an end: the outbox, webhooks that lead nowhere inside, e-mail, programs."""

import hashlib
import hmac
import json
import socket
import stat
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone

from jobsite.jobs import courier, programs, webhooks
from jobsite.jobs.channels import DELIVERED, GIVEN_UP, WAITING, Channel, Delivery, Program
from jobsite.jobs.models import Worker
from jobsite.jobs.queue import submit
from jobsite.jobs.status import Status
from jobsite.jobs.webhooks import NotDelivered
from tests.drill.models import Drill
from tests.receiver import listening
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost:8000/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
]
UNUSABLE = ["ftp://example.org/", "file:///etc/passwd", "https://", "http://a b/", "http://u:p@h/"]


def hook(owner, url="https://example.org/", **fields) -> Channel:
    return Channel.objects.create(owner=owner, method="webhook", url=url, **fields)


def end(owner, to=Status.SUCCEEDED, **fields) -> Drill:
    """A job of that person that ran and ended so."""
    job = Drill(owner=owner, name="a drill")
    submit(job)
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    Drill.objects.fenced(job).transition(to, **fields)
    return job


def deliver(delivery: Delivery) -> Delivery:
    courier.deliver(delivery)
    delivery.refresh_from_db()
    return delivery


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
    assert not Drill.objects.fenced(stale).transition(Status.FAILED)
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


# --- webhooks ---


@pytest.mark.parametrize("url", PRIVATE)
def test_no_webhook_reaches_an_address_that_is_not_public(url):
    with pytest.raises(NotDelivered, match="not an address of the public internet") as refusal:
        webhooks.post(url, b"{}", {})
    assert refusal.value.for_good


@pytest.mark.parametrize("url", UNUSABLE)
def test_what_is_no_address_of_the_web_is_refused_in_words(url):
    with pytest.raises(NotDelivered, match="The address"):
        webhooks.post(url, b"{}", {})


def resolved(monkeypatch, *answers):
    """Make names stand for these addresses, one answer for each question; the connections made."""
    left, made = list(answers), []

    def ask(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in left.pop(0)]

    def connect(address, timeout):
        made.append(address)
        raise OSError("this test connects to nobody")

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    monkeypatch.setattr(socket, "create_connection", connect)
    return made


def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_checked(monkeypatch):
    made = resolved(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(NotDelivered, match="could not be reached"):
        webhooks.post("http://rebinding.example.org/", b"{}", {})
    assert made == [("93.184.216.34", 80)]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    made = resolved(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(NotDelivered, match=r"10\.0\.0\.1"):
        webhooks.post("http://mixed.example.org/", b"{}", {})
    assert not made


def test_a_redirect_is_not_followed(settings):
    with listening() as inner, listening((302, {"Location": inner.url})) as outer:
        with pytest.raises(NotDelivered, match="302 Found: redirects are not followed"):
            webhooks.post(outer.url, b"{}", {}, settings.WEBHOOK_NETWORKS)
        assert (len(outer.came), len(inner.came)) == (1, 0)


def test_a_server_that_answers_a_byte_at_a_time_is_left(settings, monkeypatch):
    monkeypatch.setattr(webhooks, "WAIT_IN_ALL", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            client, _ = server.accept()
            with client:
                try:
                    while True:
                        client.sendall(b"H")
                        threading.Event().wait(0.05)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(NotDelivered, match="gave no answer"):
            address = f"http://127.0.0.1:{server.getsockname()[1]}/"
            webhooks.post(address, b"{}", {}, settings.WEBHOOK_NETWORKS)
        thread.join(10)
        assert not thread.is_alive()


def test_a_certificate_has_to_be_good(settings):
    with listening() as server, pytest.raises(NotDelivered, match=r"gave no answer: .*SSL"):
        webhooks.post(server.url.replace("http", "https"), b"{}", {}, settings.WEBHOOK_NETWORKS)


def test_a_notice_is_signed_and_says_nothing_of_this_machine(ann):
    with listening() as server:
        channel = hook(ann, server.url)
        job = end(ann)
        notice = deliver(Delivery.objects.get())
        assert (notice.state, notice.answer) == (DELIVERED, "204 No Content")
        headers, body = server.came[0]
    message = json.loads(body)
    assert (message["id"], message["status"]) == (str(job.pk), "succeeded")
    assert "path" not in message
    assert headers["X-Jobsite-Delivery"] == str(notice.pk) == message["delivery"]
    signed = f"{headers['X-Jobsite-Timestamp']}.".encode() + body
    key = hmac.new(channel.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Jobsite-Signature"] == f"sha256={key}"


def test_what_fails_is_tried_again_later_and_later_and_then_given_up(ann):
    with listening(*[(503, {})] * 20) as server:
        hook(ann, server.url)
        end(ann)
        notice = Delivery.objects.get()
        waits = []
        while deliver(notice).state == WAITING:
            waits.append(round((notice.due_at - timezone.now()).total_seconds()))
        assert notice.state == GIVEN_UP
        assert waits == courier.BACK_OFF
        assert notice.answer == "The answer was 503 Service Unavailable."
        assert len({headers["X-Jobsite-Delivery"] for headers, _ in server.came}) == 1


def test_whoever_says_gone_is_asked_no_more(ann):
    with listening((410, {})) as server:
        hook(ann, server.url)
        end(ann)
        assert deliver(Delivery.objects.get()).state == GIVEN_UP


def test_two_couriers_deliver_once_and_one_that_dies_is_replaced(ann):
    hook(ann)
    end(ann)
    first, second = Delivery.objects.get(), Delivery.objects.get()
    assert courier.take(first)
    assert not courier.take(second)
    first.refresh_from_db()
    assert timezone.now() < first.due_at < timezone.now() + timedelta(minutes=3)
    assert first.state == WAITING, "if this courier dies now, it is due again"


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_holds_up_nobody_else(ann, bob, monkeypatch):
    monkeypatch.setattr(webhooks, "WAIT_IN_ALL", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent, listening() as well:
        dead = hook(ann, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        for _ in range(10):
            Delivery.test(dead)
        Delivery.test(hook(bob, well.url))
        one = courier.Courier("webhook")
        one.round()
        wait_until(lambda: well.came, 10)
        assert Delivery.objects.filter(channel=dead, tries=0).count() == 9
        one.hands.shutdown()


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


# --- programs ---


@pytest.fixture
def folder(tmp_path, settings):
    settings.PROGRAM_DIR = tmp_path / "programs"
    settings.PROGRAM_DIR.mkdir()
    return settings.PROGRAM_DIR


def script(folder, text: str, name="told"):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run(owner, command, name="a drill", timeout=20) -> Delivery:
    program = Program.objects.create(name="told", command=command, timeout=timeout)
    Channel.objects.create(owner=owner, method="program", program=program)
    job = Drill(owner=owner, name=name)
    submit(job)
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    Drill.objects.fenced(job).transition(Status.SUCCEEDED)
    return deliver(Delivery.objects.get())


def test_a_program_gets_the_job_as_arguments_and_no_shell_reads_them(ann, folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///secret")
    path = script(folder, 'for word in "$@"; do echo "<$word>"; done; env')
    notice = run(ann, f"{path}\n--name\n{{name}}\n{{status}}: {{kind}}", "$(id); `id` ' \"\n-x")
    assert notice.state == DELIVERED
    told = notice.answer.splitlines()
    assert told[:3] == ["<--name>", "<$(id); `id` ' \"\ufffd-x>", "<succeeded: drill>"]
    names = {line.partition("=")[0] for line in told[3:]}
    assert names <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PWD", "SHLVL", "_"}


def test_a_name_cannot_become_an_option(ann, folder):
    path = script(folder, 'echo "$1"')
    assert run(ann, f"{path}\n{{name}}", "--delete-everything").answer == "_-delete-everything"


def test_a_program_that_fails_or_stays_is_told_of_and_not_repeated(ann, folder):
    failing = run(ann, str(script(folder, "echo no; exit 3")))
    assert (failing.state, failing.answer) == (GIVEN_UP, "It ended with status 3. no")
    Channel.objects.all().delete()
    Program.objects.all().delete()
    staying = run(ann, str(script(folder, "echo begun; sleep 77 & sleep 77")), timeout=1)
    assert staying.answer == "It ran longer than 1 s and was ended. begun"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Name the program"),
        ("/bin/sh\n-c\nid", "does not lie in"),
        ("{folder}/../../../../../bin/sh", "does not lie in"),
        ("told", "does not lie in"),
        ("{folder}/missing", "is not there"),
        ("{folder}/told\n{{secret}}", "there is no {secret}"),
        ("{folder}/told\n{{name", "expected"),
    ],
)
def test_what_may_not_be_run_is_refused_in_words(folder, command, said):
    script(folder, "true")
    words = programs.read_words(command.format(folder=folder))
    with pytest.raises(programs.NotRun, match=said):
        programs.check(words, folder)
    with pytest.raises(programs.NotRun, match="set no JOBSITE_PROGRAM_DIR"):
        programs.check(words, None)


def test_only_superusers_define_programs(client, ann, folder):
    path = script(folder, "true")
    form = {"name": "told", "command": str(path), "timeout": 5}
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)
    assert client.post("/admin/jobs/program/add/", form).status_code == 403
    client.force_login(get_user_model().objects.create_superuser("root"))
    bad = client.post("/admin/jobs/program/add/", {**form, "command": "/bin/sh"})
    assert "does not lie in" in bad.content.decode()
    client.post("/admin/jobs/program/add/", form)
    assert Program.objects.get().words == [str(path)]


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
