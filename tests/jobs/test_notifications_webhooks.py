"""Webhooks: signed, tried again, and leading nowhere inside."""

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from jobsite.jobs import networks
from jobsite.jobs.models.notification import DELIVERED, GIVEN_UP, WAITING, Delivery
from jobsite.jobs.notifications import delivery, webhooks
from jobsite.jobs.notifications.message import NotDelivered
from tests.support.receiver import listening
from tests.support.waiting import PATIENCE, wait_until
from tests.support.webhook_bodies import deliver, end, hook

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
    "http://168.63.129.16/",
    "http://192.88.99.1/",
    "http://[5f00::1]/",
    "http://[3fff::1]/",
    "http://[2001:10::1]/",
    "http://[2001:20::1]/",
]
UNUSABLE = ["ftp://example.org/", "file:///etc/passwd", "https://", "http://a b/", "http://u:p@h/"]


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
        thread.join(PATIENCE)
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
            waits.append((notice.due_at - notice.tried_at).total_seconds())
        assert notice.state == GIVEN_UP
        assert waits == pytest.approx(delivery.BACK_OFF, abs=9), "each try takes a moment, too"
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
    assert delivery.take(first)
    assert not delivery.take(second)
    first.refresh_from_db()
    assert timezone.now() < first.due_at < timezone.now() + timedelta(minutes=3)
    assert first.state == WAITING, "if this courier dies now, it is due again"


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_holds_up_nobody_else(ann, bob, monkeypatch):
    monkeypatch.setattr(webhooks, "WAIT_IN_ALL", PATIENCE)
    one = delivery.Courier("webhook")
    with socket.create_server(("127.0.0.1", 0)) as silent, listening() as well:
        dead = hook(ann, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        for _ in range(10):
            Delivery.test(dead)
        Delivery.test(hook(bob, well.url))
        one.round()
        wait_until(lambda: well.came)
        wait_until(lambda: Delivery.objects.filter(channel=dead, tries=0).count() == 9)
    one.senders.shutdown()  # the server that hangs is gone now, and with it the connection


def test_the_machine_knows_its_own_addresses():
    """A public address of its own lies inside the provider's firewall."""
    assert networks.is_own(ipaddress.ip_address("127.0.0.1"))
    assert not networks.is_own(ipaddress.ip_address("8.8.8.8"))
    assert networks.may_connect(ipaddress.ip_address("8.8.8.8"))
