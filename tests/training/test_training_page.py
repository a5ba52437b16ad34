"""The page of a training, its files, and the list; for the owner alone."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

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
    assert "Several classes: wine" in page.get(reverse("training:list")).content.decode()
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
    assert "Finish early" not in page.get(job.get_absolute_url()).content.decode()
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


# --- tabs, the list and its buttons ---


def with_two_models(page) -> TrainingJob:
    job = finished(page, flowers())
    job.refresh_from_db()
    first = job.result["leaderboard"][0]
    second = {**first, "algorithm": "linear", "label": "Linear model", "tied": True, "score": 0.89}
    job.result["leaderboard"].insert(1, second)
    plot = job.result["plots"][0]
    job.result["plots"].append({**plot, "algorithm": "linear", "file": "linear-confusion.svg"})
    job.save()
    return job


def test_models_are_tabs_and_only_the_open_one_loads_its_plots(page):
    job = with_two_models(page)
    address = job.get_absolute_url()
    text = page.get(address).content.decode()
    assert "Decision tree is best: Balanced accuracy 0.9000 ± 0.0100." in text
    assert "tree-confusion.svg" in text
    assert "linear-confusion.svg" not in text
    assert 'href="?model=linear#models"' in text
    text = page.get(f"{address}?model=linear").content.decode()
    assert "linear-confusion.svg" in text
    assert "tree-confusion.svg" not in text
    assert "tree-confusion.svg" in page.get(f"{address}?model=magic").content.decode()


def test_runs_of_one_target_have_numbers(page):
    dataset = kept(page, flowers())
    for _ in range(3):
        train(page, dataset, seed=TrainingJob.objects.count())
    names = TrainingJob.objects.order_by("created_at").values_list("name", flat=True)
    name = "kind from table.csv"
    assert list(names) == [name, f"{name}, run 2", f"{name}, run 3"]


def test_the_list_is_sorted_by_score(page):
    dataset = kept(page, flowers())
    for seed, score in enumerate([0.8, None, 0.9]):
        train(page, dataset, seed=seed)
        best = {"label": "Tree", "metric": "Accuracy", "score": score, "spread": 0.1}
        job = TrainingJob.objects.latest("created_at")
        TrainingJob.objects.filter(pk=job.pk).update(
            name=f"score {score}",
            status=Status.SUCCEEDED,
            finished_at=timezone.now(),
            live={"best": best} if score else {},
        )
    found = {}
    for sort in ("score", "status,-score", "-score"):
        text = page.get(reverse("training:list"), {"sort": sort}).content.decode()
        found[sort] = sorted(("score 0.8", "score 0.9", "score None"), key=text.index)
    assert found["score"] == ["score 0.8", "score 0.9", "score None"]
    assert found["status,-score"] == found["-score"]
    assert found["-score"] == ["score 0.9", "score 0.8", "score None"]
    assert "0.9000" in text


def press(page: Client, action: str, *jobs: TrainingJob, **fields):
    data = {"action": action, "job": [str(job.pk) for job in jobs], **fields}
    return page.post(reverse("training:bulk"), data, follow=True)


def test_buttons_of_the_list_act_on_the_selection(page, bob):
    dataset = kept(page, flowers())
    for seed in range(3):
        train(page, dataset, seed=seed)
    first, second, third = TrainingJob.objects.order_by("created_at")
    assert "No training is selected" in press(page, "cancel").content.decode()
    assert "There is no such button" in press(page, "burn", first).content.decode()
    text = press(page, "cancel", first, second).content.decode()
    assert "2 trainings cancelled." in text
    assert set(TrainingJob.objects.filter(status="cancelled")) == {first, second}
    text = press(page, "cancel", first, third).content.decode()
    assert "1 training cancelled. 1 training had finished already." in text
    asked = press(page, "delete", first, second).content.decode()
    assert "Delete 2 trainings?" in asked
    assert not TrainingJob.objects.filter(delete_requested=True).exists()
    assert press(signed_in(bob), "delete", first, confirmed="1").status_code == 200
    assert not TrainingJob.objects.filter(delete_requested=True).exists()
    assert (
        "2 trainings deleted"
        in press(page, "delete", first, second, confirmed="1").content.decode()
    )
    assert set(TrainingJob.objects.filter(delete_requested=True)) == {first, second}
    press(page, "delete", all="1", query="status=cancelled", confirmed="1")
    assert TrainingJob.objects.filter(delete_requested=True).count() == 3


def test_compare_leads_to_the_comparison_of_the_selection(page):
    job = finished(page, flowers())
    data = {"action": "compare", "job": [str(job.pk)]}
    answer = page.post(reverse("training:bulk"), data)
    assert answer.headers["Location"] == f"{reverse('training:compare')}?job={job.pk}"
