"""The page of a training, its files, and the list; for the owner alone."""

import pytest
from django.test import Client
from django.urls import reverse

from jobsite.jobs.status import Status
from tests.support.training_pages import HOSTILE, finished, kept, signed_in, train
from tests.support.training_tables import flowers
from training.models.training_job import TrainingJob
from training.results.leaderboard import ONLY_BASELINE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def page(ann) -> Client:
    return signed_in(ann)


def test_submitting_answers_at_once_with_the_page_of_the_job(page, ann):
    dataset = kept(page, flowers())
    answer = train(page, dataset, seed=7)
    job = TrainingJob.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    assert job.status == Status.QUEUED
    assert (job.owner, job.target, job.seed, job.folds) == (ann, "kind", 7, 5)
    assert job.algorithms == ["baseline", "linear", "tree"]
    text = page.get(job.get_absolute_url()).content.decode()
    assert "hx-get" in text
    assert "kind from table.csv" in text


def test_a_result_is_shown_and_hostile_text_stays_text(page):
    job = finished(page, flowers())
    text = page.get(job.get_absolute_url()).content.decode()
    assert "Decision tree" in text
    assert "0.85" in text
    assert "tree-confusion-dark.svg" in text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert "hx-get" not in text, "nothing is polled once it is over"


def test_the_page_tells_what_the_time_left_was_used_for(page):
    job = finished(page, flowers())
    told = "The time left was used for more settings: 24 of Decision tree."
    TrainingJob.objects.update(result={**TrainingJob.objects.get().result, "search": told})
    assert told in page.get(job.get_absolute_url()).content.decode()


def test_a_poll_gets_the_fragment_alone(page):
    job = finished(page, flowers())
    text = page.get(job.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "Decision tree" in text
    assert "<html" not in text


def test_plots_are_sandboxed_and_models_are_attachments(page):
    job = finished(page, flowers())
    plot = page.get(reverse("training:plot", args=[job.pk, "tree-confusion.svg"]))
    assert plot.getvalue() == b"<svg>drawn</svg>"
    assert plot.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in plot.headers["Content-Security-Policy"]
    assert plot.headers["X-Content-Type-Options"] == "nosniff"
    model = page.get(reverse("training:model", args=[job.pk, "tree"]))
    assert model.getvalue() == b"model"
    assert "attachment" in model.headers["Content-Disposition"]
    for wrong in ("other.svg", "tree.skops", "..", "tree-confusion.svg.bak"):
        assert page.get(f"/training/{job.pk}/plots/{wrong}").status_code == 404
    assert page.get(reverse("training:model", args=[job.pk, "svm"])).status_code == 404
    assert page.get(reverse("training:model", args=[job.pk, "magic"])).status_code == 404


def test_everything_of_another_person_is_not_there(page, bob):
    job = finished(page, flowers())
    stranger = Client()
    stranger.force_login(bob)
    pages = [
        job.get_absolute_url(),
        job.dataset.get_absolute_url(),
        reverse("training:guess", args=[job.dataset.pk]),
        reverse("training:plot", args=[job.pk, "tree-confusion.svg"]),
        reverse("training:model", args=[job.pk, "tree"]),
        reverse("training:delete", args=[job.pk]),
    ]
    assert [stranger.get(address).status_code for address in pages] == [404] * len(pages)
    for name in ("reread", "dataset-delete"):
        assert stranger.post(reverse(f"training:{name}", args=[job.dataset.pk])).status_code == 404
    assert "table.csv" not in stranger.get(reverse("training:list")).content.decode()
    assert "table.csv" not in stranger.get(reverse("training:new")).content.decode()


def test_the_list_shows_jobs_and_an_empty_one_shows_the_first_step(page):
    assert "Train a first model" in page.get(reverse("training:list")).content.decode()
    train(page, kept(page, flowers()))
    assert "kind from table.csv" in page.get(reverse("training:list")).content.decode()


def test_a_poll_is_cheap(page, django_assert_max_num_queries):
    job = finished(page, flowers())
    # The person, the job with its table, the log.
    with django_assert_max_num_queries(3):
        page.get(job.get_absolute_url(), headers={"HX-Request": "true"})


def test_a_running_training_is_ended_early_once_there_is_something_to_keep(page):
    train(page, kept(page, flowers()))
    job = TrainingJob.objects.get()
    address = reverse("training:keep", args=[job.pk])
    assert "Stop and keep" not in page.get(job.get_absolute_url()).content.decode()
    text = page.post(address, follow=True).content.decode()
    assert "once a model is through all its folds" in text
    row = {"algorithm": "linear", "status": "succeeded"}
    TrainingJob.objects.update(status=Status.RUNNING, attempt=2, live={"leaderboard": [row]})
    job.refresh_from_db()
    assert job.can_keep
    assert not job.asks_to_keep()
    page.post(address)
    job.refresh_from_db()
    assert job.asks_to_keep()
    assert not job.can_keep


def test_a_training_has_a_name_a_note_and_a_mark(page, bob):
    job = finished(page, flowers())
    address = reverse("training:about", args=[job.pk])
    page.post(address, {"name": "First try", "note": HOSTILE, "favourite": "on"})
    job.refresh_from_db()
    assert (job.name, job.note, job.favourite) == ("First try", HOSTILE, True)
    text = page.get(reverse("training:list")).content.decode()
    assert "First try" in text
    assert "favourite" in text
    assert HOSTILE not in text
    assert "needs a name" in page.post(address, {"name": ""}, follow=True).content.decode()
    stranger = Client()
    stranger.force_login(bob)
    assert stranger.post(address, {"name": "mine"}).status_code == 404


def test_a_training_that_learnt_nothing_says_so_in_red(page):
    job = finished(page, flowers())
    job.refresh_from_db()
    assert job.learnt_nothing == ""
    job.result["warnings"] = [ONLY_BASELINE]
    job.save()
    text = page.get(job.get_absolute_url()).content.decode()
    notice = text[text.index("notice--error") :][:400]
    assert "Only the baseline was finished" in notice
