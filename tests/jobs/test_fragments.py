"""Polled fragments: empty where nothing is new, compressed, and never a page of an error."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from jobsite.jobs.web.fragments import TAG, tag_of
from jobsite.jobs.web.middleware import page_above
from tests.factories import a_download

pytestmark = pytest.mark.django_db
POLL = {"HX-Request": "true"}


@pytest.fixture
def browser(ann) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def test_a_poll_that_finds_nothing_new_is_answered_with_nothing(browser, ann):
    job = a_download(ann)
    address = reverse("downloads:list")
    first = browser.get(address, headers=POLL)
    assert (first.status_code, b"film" in first.content) == (200, True)
    told = POLL | {TAG: first[TAG]}
    same = browser.get(address, headers=told)
    assert (same.status_code, same.content) == (204, b"")
    type(job).objects.filter(pk=job.pk).update(name="another film")
    news = browser.get(address, headers=told)
    assert (news.status_code, b"another film" in news.content) == (200, True)
    assert browser.get(address).status_code == 200, "a page is no fragment"


def test_a_fragment_is_compressed_for_those_who_read_it(browser, ann):
    a_download(ann)
    answer = browser.get(reverse("downloads:list"), headers=POLL | {"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert int(answer["Content-Length"]) == len(answer.content)
    assert b"film" in gzip.decompress(answer.content)


TOKEN = b'<input type="hidden" name="csrfmiddlewaretoken" value="%s"><p>%s</p>'
CLOCK = b'<time datetime="PT%sS" data-elapsed-since="x" data-seconds="%s">0:%s</time>'


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (TOKEN % (b"abc", b"a"), TOKEN % (b"xyz", b"a"), True),
        (TOKEN % (b"abc", b"a"), TOKEN % (b"abc", b"b"), False),
        (CLOCK % (b"1", b"1", b"01"), CLOCK % (b"2", b"2", b"02"), True),
        (b"<time>1 min ago</time>", b"<time>2 min ago</time>", False),
    ],
)
def test_a_tag_tells_what_a_person_would_see(one, other, alike):
    assert (tag_of(one) == tag_of(other)) is alike


def test_a_button_pressed_after_the_session_leads_back_to_its_page(ann):
    job = a_download(ann)
    page = job.get_absolute_url()
    address = reverse("downloads:cancel", args=[job.pk])
    stranger = Client()
    own = {"Referer": f"http://testserver{page}?sort=name"}
    assert stranger.post(address, headers=own)["Location"].endswith(f"next={page}%3Fsort%3Dname")
    foreign = {"Referer": "http://evil.example/trap/"}
    assert stranger.post(address, headers=foreign)["Location"].endswith(f"next={page}")


def test_an_address_of_a_form_leads_a_reader_to_the_page_above(browser, ann):
    job = a_download(ann)
    address = reverse("downloads:cancel", args=[job.pk])
    page = browser.get(address, headers={"Accept": "text/html"})
    assert (page.status_code, page["Location"]) == (302, job.get_absolute_url())
    assert browser.get(address, headers={"Accept": "application/json"}).status_code == 405
    assert page_above("/nowhere/at/all/") == "/"


def test_a_queued_job_says_its_place_in_line(browser, ann):
    first, second = a_download(ann, "a" * 40), a_download(ann, "b" * 40)
    type(first).objects.update(message="")
    page = browser.get(second.get_absolute_url()).content.decode()
    assert "Number 2 in line" in page
    assert "Next in line" in browser.get(first.get_absolute_url()).content.decode()
