"""Groups of rows that are alike: the third task, from the form to what a model answers."""

import json
import random

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.status import Status
from tests.support.training_runs import report
from tests.support.training_tables import flowers
from training.algorithms.catalogue import groupings
from training.exports import train_script
from training.exports.reproduction import recipe_of
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob
from training.plots.cluster_profile import profile
from training.tasks import load, predict, train

pytestmark = pytest.mark.django_db


def islands(rows: int = 240) -> bytes:
    """Three clouds of points far from each other, of which the second is the largest."""
    chance = random.Random(1)
    lines = ["east,north,bird"]
    for row in range(rows):
        place = (0, 1, 1, 2)[row % 4]
        east, north = chance.gauss(place * 10, 1), chance.gauss(place % 2 * 10, 1)
        lines.append(f"{east:.3f},{north:.3f},{('gull', 'tern', 'auk')[place]}")
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def table(ann, folder) -> Dataset:
    (folder / "islands.csv").write_bytes(islands())
    return Dataset.copy(folder / "islands.csv", ann, {})


@pytest.fixture
def page(ann) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def test_groups_are_found_shown_predicted_and_made_again(table, page, ann):
    text = page.get(f"{table.get_absolute_url()}").content.decode()
    assert "No target: find groups" in text
    guess = page.get(reverse("training:guess", args=[table.pk]), {"target": ""}).content.decode()
    assert "rows that are alike are put into groups" in guess
    form = {"target": "", "time_limit": 3000, "folds": 3}
    assert page.post(table.get_absolute_url(), form).status_code == 302
    job = TrainingJob.objects.get()
    assert (job.wanted, job.target, job.name) == ("clustering", "", "Groups from islands.csv")

    result = json.loads(json.dumps(train.run(job, report(job.draft)), allow_nan=False))
    assert result["problem"] == "clustering"
    assert result["best"] == "groups-3"
    assert result["metric"] == "silhouette"
    best = result["leaderboard"][0]
    assert best["score"] > 0.7
    assert best["metrics"]["stability"] == pytest.approx(1)
    assert len(best["fold_scores"]) == 3
    assert result["holdout"]["groups-3"]["silhouette"] > 0.7
    names = {plot["name"] for plot in result["plots"] if plot["algorithm"] == "groups-3"}
    assert names == {"map", "sizes", "silhouette"}
    told = result["profiles"]["groups-3"]
    sizes = [group["rows"] for group in told["groups"]]
    assert sum(sizes) == result["train_rows"]
    assert sizes[0] > 80, "the largest group is the first"
    birds = next(row for row in told["columns"] if row["column"] == "bird")
    assert birds["cells"][0] == "tern (100 %)"

    recipe = recipe_of(result, train.facts_of(job))
    assert train_script.main(json.loads(json.dumps(recipe)), table.path) == 0

    job.publish()
    job.result, job.status, job.finished_at = result, Status.SUCCEEDED, timezone.now()
    job.save()
    shown = page.get(job.get_absolute_url()).content.decode()
    assert "tern (100 %)" in shown
    assert "3 groups" in shown
    page.post(reverse("training:predict", args=[job.pk]), {"algorithm": "groups-3", "c0": "10"})
    asked = Prediction.of(job, "groups-3", [{"east": 10, "north": 10, "bird": "tern"}])
    answered = predict.run(asked, report(asked.draft))
    assert answered["predictions"] == [{"answer": "group 1"}]
    assert answered["summary"] == {"counts": {"group 1": 1}}
    assert "predicted group" in (asked.draft / "predictions.csv").read_text()
    asked.publish()
    asked.result, asked.status, asked.finished_at = answered, Status.SUCCEEDED, timezone.now()
    asked.save()
    assert "group: group 1" in page.get(asked.get_absolute_url()).content.decode()


def test_the_api_and_the_command_find_groups_without_a_target(table, ann, folder, capsys):
    _, secret = ApiToken.objects.create(ann, name="test")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    wish = {"dataset": str(table.pk), "target": None, "problem": "clustering"}
    answer = client.post("/api/v1/training/", wish, format="json")
    assert answer.status_code == 202
    assert (answer.json()["target"], answer.json()["problem"]) == ("", "clustering")
    words = [str(folder / "islands.csv"), "--clusters", "--user", "ann"]
    with pytest.raises(SystemExit) as ended:
        call_command("train", *words)
    assert ended.value.code == 0
    assert TrainingJob.objects.filter(wanted="clustering", target="").count() == 2
    with pytest.raises(SystemExit) as ended:
        call_command("train", *words, "--algorithms", "tree")
    assert ended.value.code == 2
    assert "leave out --algorithms" in capsys.readouterr().err


def test_a_table_of_noise_is_said_to_have_no_groups(ann, folder):
    (folder / "flowers.csv").write_bytes(flowers(60, classes=1))
    dataset = Dataset.copy(folder / "flowers.csv", ann, {})
    job = TrainingJob.of(dataset, "", wanted="clustering", folds=2)
    result = train.run(job, report(job.draft))
    assert any("run into each other" in warning for warning in result["warnings"])


@pytest.mark.parametrize(("rows", "most"), [(20, 2), (60, 4), (10_000, 10)])
def test_no_more_groups_are_tried_than_there_are_rows_for(rows, most):
    assert groupings(rows)[-1].key == f"groups-{most}"


def test_a_profile_names_first_what_tells_the_groups_apart(table):
    frame, columns = load.read_table(table, {}).frame, table.columns
    labels = np.array([(0, 1, 1, 2)[row % 4] for row in range(240)])
    told = profile(frame, columns, labels, 3)
    assert told["columns"][0]["column"] == "bird"
    assert told["columns"][0]["apart"] == pytest.approx(1)
