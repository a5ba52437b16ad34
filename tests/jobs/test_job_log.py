"""The whole log of a job: all lines, searched, by level, and as a file."""

import pytest
from django.test import Client
from django.urls import reverse

from downloads.models.download import Download
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.web.log_pages import LINES
from tests.factories import a_download

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(ann) -> Download:
    job = a_download(ann)
    JobEvent.objects.filter(job_id=job.pk).delete()
    job.log("First line.")
    job.log("The <b>disk</b> is nearly full.", "warning")
    job.log("A peer\nleft.", "error")
    return job


def opened(user, job, **query) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("downloads:log", args=[job.pk]), query).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [True, True, True]),
        ({"q": "DISK"}, [False, True, False]),
        ({"level": "warning"}, [False, True, True]),
        ({"level": "error"}, [False, False, True]),
        ({"level": "error", "q": "disk"}, [False, False, False]),
        ({"level": "loud"}, [True, True, True]),
    ],
)
def test_lines_are_found_by_words_and_level(ann, job, query, found):
    text = opened(ann, job, **query)
    lines = ["First line.", "The &lt;b&gt;disk&lt;/b&gt; is nearly full.", "A peer\nleft."]
    assert [line in text for line in lines] == found
    assert ("No lines match." in text) == (not any(found))


def test_a_long_log_has_pages_and_all_of_it_is_one_file(ann, job):
    JobEvent.objects.bulk_create(
        JobEvent(kind="downloads", job_id=job.pk, text=f"step {n}") for n in range(LINES)
    )
    text = opened(ann, job)
    assert "step 5<" in text
    assert f"step {LINES - 1}<" not in text
    assert f"step {LINES - 1}<" in opened(ann, job, page=2)
    client = Client()
    client.force_login(ann)
    file = client.get(reverse("downloads:log", args=[job.pk]), {"as": "text"})
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.headers["Content-Type"].startswith("text/plain")
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == LINES + 3, "a line of the log is one of the file"
    assert lines[1].endswith(" warning The <b>disk</b> is nearly full.")
    assert lines[2].endswith(" error   A peer left.")


def test_the_log_of_somebody_else_is_not_there(bob, job):
    client = Client()
    client.force_login(bob)
    assert client.get(reverse("downloads:log", args=[job.pk])).status_code == 404


def test_the_page_of_a_job_leads_to_its_log(ann, job):
    client = Client()
    client.force_login(ann)
    assert (
        reverse("downloads:log", args=[job.pk])
        in client.get(job.get_absolute_url()).content.decode()
    )
