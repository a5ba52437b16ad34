"""Trainings side by side: what differs, what is a tie, and when scores do not compare."""

import json

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.status import Status
from tests.support.training_tables import flowers, houses
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.results.curves import curves_file
from training.results.significance import is_paired_noise, is_unpaired_noise
from training.web.comparison import Comparison

pytestmark = pytest.mark.django_db
FOLDS = (0.80, 0.82, 0.78, 0.81)


@pytest.fixture
def tables(ann, settings, tmp_path) -> list[Dataset]:
    settings.DATA_DIR = tmp_path
    made = []
    for name, data in (("flowers.csv", flowers()), ("houses.csv", houses())):
        (tmp_path / name).write_bytes(data)
        made.append(Dataset.copy(tmp_path / name, ann, {}))
    return made


def row(algorithm: str, scores: tuple[float, ...]) -> dict:
    return {
        "algorithm": algorithm, "label": algorithm.title(), "status": "succeeded",
        "score": sum(scores) / len(scores), "score_std": 0.02, "fold_scores": list(scores),
        "fit_seconds": 1.0, "holdout": {"balanced_accuracy": 0.79, "rmse": 3.0},
    }  # fmt: skip


def done(
    dataset: Dataset, *rows: dict, target: str = "kind", problem: str = "multiclass",
    metric: str = "log_loss", **asked,
):  # fmt: skip
    """A training that is over, with these rows."""
    job = TrainingJob.of(dataset, target, ["tree"], **asked)
    plots = [
        {"algorithm": rows[0]["algorithm"], "name": "confusion", "title": "Confusion matrix",
         "sentence": "Read it so.", "file": f"{rows[0]['algorithm']}-confusion.svg",
         "width": 300, "height": 200}
    ]  # fmt: skip
    job.result = {
        "problem": problem, "metric": metric, "rows": 120, "folds": job.folds,
        "leaderboard": list(rows), "best": rows[0]["algorithm"], "plots": plots,
    }  # fmt: skip
    job.status, job.finished_at = Status.SUCCEEDED, timezone.now()
    job.save(force_insert=True)
    return job


def page(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def api(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.objects.create(user, name='t')[1]}")
    return client


def test_what_is_asked_differently_is_marked(tables):
    first = done(tables[0], row("tree", FOLDS), time_limit=60, folds=4)
    other = done(tables[0], row("forest", FOLDS), time_limit=90, folds=4)
    comparison = Comparison.of([first, other])
    differing = {
        entry["name"]: entry["cells"] for entry in comparison.settings() if entry["differs"]
    }
    assert differing == {"Time limit": ["60 s", "90 s"]}
    assert comparison.warnings() == []


def test_models_within_the_noise_of_the_best_are_ties(tables):
    near, far = tuple(s + 0.005 * n for n, s in enumerate(FOLDS)), tuple(s + 0.3 for s in FOLDS)
    first = done(tables[0], row("tree", FOLDS), row("baseline", far), folds=4)
    other = done(tables[0], row("forest", near), folds=4)
    told = [
        (e["letter"], e["algorithm"], e["tied"]) for e in Comparison.of([first, other]).models()
    ]
    assert told == [("A", "tree", True), ("B", "forest", True), ("A", "baseline", False)]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seed": 5}, "folds of these trainings hold different rows"),
        ({"options": {"group": "soil"}}, "folds of these trainings hold different rows"),
        ({"target": "soil"}, "have different targets"),
        ({"problem": "binary"}, "have different problems"),
        ({"metric": "f1_macro"}, "have different measures"),
    ],
)
def test_scores_that_do_not_compare_are_said(tables, asked, said):
    jobs = [done(tables[0], row("tree", FOLDS)), done(tables[0], row("tree", FOLDS), **asked)]
    assert said in Comparison.of(jobs).warnings()[0]


def test_models_of_different_questions_are_not_ranked(tables):
    jobs = [
        done(tables[0], row("tree", FOLDS)),
        done(
            tables[1],
            row("tree", (3.0, 3.1, 2.9, 3.0)),
            target="price",
            problem="regression",
            metric="rmse",
        ),
    ]
    comparison = Comparison.of(jobs)
    assert "different tables and targets and problems and measures" in comparison.warnings()[0]
    assert comparison.metric is None
    assert not any("place" in entry for entry in comparison.models())


@pytest.mark.parametrize(
    ("theirs", "paired", "unpaired"),
    [
        (FOLDS, True, True),
        (tuple(score - 0.02 for score in FOLDS), False, True),
        (tuple(score - 0.3 for score in FOLDS), False, False),
        ((0.80, 0.80, 0.80, 0.80), True, True),
    ],
)
def test_pairs_of_folds_tell_more_apart_than_different_folds(theirs, paired, unpaired):
    assert is_paired_noise(FOLDS, theirs) is paired
    assert is_unpaired_noise(FOLDS, theirs) is unpaired


def test_the_page_and_the_api_show_the_same(tables, ann, bob):
    jobs = [done(tables[0], row("tree", FOLDS), seed=n) for n in (1, 2)]
    ask = "&".join(f"job={job.pk}" for job in jobs)
    text = page(ann).get(f"/training/compare/?{ask}").content.decode()
    assert "differs" in text
    assert "Confusion matrix" in text
    assert f"/training/{jobs[1].pk}/plots/tree-confusion.svg" in text
    told = api(ann).get(f"/api/v1/training/compare/?{ask}").json()
    assert told["comparable"] is True
    assert told["same_folds"] is False
    assert [model["letter"] for model in told["models"]] == ["A", "B"]
    assert page(bob).get(f"/training/compare/?{ask}").status_code == 404
    assert api(bob).get(f"/api/v1/training/compare/?{ask}").status_code == 404


@pytest.mark.parametrize("word", ["x", "00000000-0000-0000-0000-000000000000"])
def test_a_training_that_is_not_there_is_404(ann, tables, word):
    assert page(ann).get(f"/training/compare/?job={word}").status_code == 404
    assert api(ann).get(f"/api/v1/training/compare/?job={word}").status_code == 404


def test_what_cannot_be_compared_is_said_with_a_choice(tables, ann):
    job = done(tables[0], row("tree", FOLDS))
    waiting = TrainingJob.of(tables[0], "kind")
    waiting.save(force_insert=True)
    client = page(ann)
    assert "Tick two to six" in client.get("/training/compare/").content.decode()
    text = client.get(f"/training/compare/?job={job.pk}").content.decode()
    assert "Choose 2 to 6 finished trainings; 1 are chosen." in text
    assert f'value="{job.pk}"' in text
    ask = f"/training/compare/?job={job.pk}&job={waiting.pk}"
    assert "is queued. Only trainings that have succeeded" in client.get(ask).content.decode()
    assert "is queued" in api(ann).get(f"/api/v1{ask}").json()["job"][0]


def test_the_list_finds_favourites_and_words_of_notes_and_tables(tables, ann):
    first = done(tables[0], row("tree", FOLDS), favourite=True, note="for the board")
    other = done(tables[1], row("tree", FOLDS), target="price")
    client, caller = page(ann), api(ann)
    for query, found in (
        ("favourite=true", first), ("q=board", first), ("q=houses", other), ("q=price", other),
    ):  # fmt: skip
        text = client.get(f"/training/?{query}").content.decode()
        assert (str(first.pk) in text, str(other.pk) in text) == (found is first, found is other)
        told = caller.get(f"/api/v1/training/?{query}").json()["results"]
        assert [entry["id"] for entry in told] == [str(found.pk)]


def test_train_again_fills_in_every_setting_and_keeps_the_roles(tables, ann, bob):
    asked = {"time_limit": 77, "folds": 4, "seed": 9, "tune": False, "wanted": "classification"}
    options = {"ignore": ["note"], "kinds": {}}
    job = done(tables[0], row("tree", FOLDS), target="soil", options=options, **asked)
    client = page(ann)
    address = tables[0].get_absolute_url()
    text = client.get(f"{address}?again={job.pk}").content.decode()
    for value in ('value="77"', 'value="4"', 'value="9"', '<option value="soil" selected>'):
        assert value in text
    assert "With the settings and columns of" in text
    column = [found.name for found in tables[0].preview.columns].index("note")
    assert f'<select name="role{column}"' in text
    assert '<option value="ignore" selected>' in text
    form = {
        "again": job.pk,
        "target": "soil",
        "algorithms": ["tree"],
        **asked,
    }
    form.pop("tune")
    assert client.post(address, form).status_code == 302
    made = TrainingJob.objects.exclude(pk=job.pk).get()
    for name in ("target", "algorithms", "options", *asked):
        assert getattr(made, name) == getattr(job, name), name
    assert f'value="{job.pk}"' not in client.get(f"{address}?again=x").content.decode()


def test_models_stand_beside_the_best_with_their_difference_and_curves(tables, ann):
    near = tuple(score - 0.05 for score in FOLDS)
    common = {"problem": "binary", "metric": "roc_auc", "folds": 4}
    first = done(tables[0], row("tree", FOLDS), **common)
    second = done(tables[0], row("forest", near), **common)
    for job, key in ((first, "tree"), (second, "forest")):
        job.artifacts.mkdir(parents=True)
        points = json.dumps({"roc": [[0, 0], [1, 1]], "precision_recall": [[0, 1], [1, 0.5]]})
        (job.artifacts / curves_file(key)).write_text(points)
    query = {"job": [str(first.pk), str(second.pk)]}
    text = page(ann).get("/training/compare/", query).content.decode()
    assert "−0.0500" in text
    assert "A: Tree" in text
    assert "B: Forest" in text
    assert text.count("<polyline") == 4
