"""Tables to try a training on: read as scikit-learn has them, started with one press."""

import csv

import pytest
from django.test import Client
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from jobsite.jobs.models.allowance import Allowance
from tests.support.training_pages import signed_in
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.sample_tables import TABLES

LOADED = {
    "tumours": (load_breast_cancer, {"as_frame": True}),
    "wine": (load_wine, {"as_frame": True}),
    "diabetes": (load_diabetes, {"as_frame": True, "scaled": False}),
}
PROBLEMS = {"tumours": "binary", "wine": "multiclass", "diabetes": "regression"}


@pytest.mark.parametrize("key", TABLES)
def test_a_sample_is_the_table_of_scikit_learn(key):
    table = TABLES[key]
    load, options = LOADED[key]
    loaded = load(**options)
    names, *rows = csv.reader(table.text().splitlines())
    assert names == [*table.columns, table.target]
    assert len(set(names)) == len(names) == loaded.frame.shape[1]
    assert len(rows) == len(loaded.frame)
    for row, (_, wanted) in zip(rows, loaded.frame.iterrows(), strict=True):
        assert [float(cell) for cell in row[:-1]] == pytest.approx(list(wanted[:-1]))
        answer = wanted.iloc[-1]
        assert row[-1] == (table.classes[int(answer)] if table.classes else f"{answer:g}")


@pytest.fixture
def page(ann) -> Client:
    return signed_in(ann)


@pytest.mark.django_db
@pytest.mark.usefixtures("own_folders")
@pytest.mark.parametrize("key", TABLES)
def test_one_press_trains_on_a_sample_and_keeps_its_table_once(page, ann, key):
    assert f"/try/training/{key}/" in page.get("/").content.decode()
    answer = page.post(f"/try/training/{key}/")
    job = TrainingJob.objects.get()
    assert answer.headers["Location"] == job.get_absolute_url()
    guess = job.dataset.guess(job.target)
    assert guess is not None
    assert guess.kind == PROBLEMS[key]
    assert job.dataset.proposed().name == job.target, "the page of the table proposes the same"
    page.post(f"/try/training/{key}/")
    assert TrainingJob.objects.count() == 2
    assert Dataset.objects.count() == 1
    assert f"/try/training/{key}/" not in page.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("own_folders")
def test_samples_have_no_way_past_sign_in_names_and_allowances(page, ann):
    assert "/accounts/login/" in Client().post("/try/training/wine/").headers["Location"]
    assert page.get("/try/training/wine/").status_code == 405
    for place in ("training/x", "prediction/wine", "nobody/wine"):
        assert page.post(f"/try/{place}/").status_code == 404
    assert not TrainingJob.objects.exists()
    Allowance.objects.create(user=ann, queued=1)
    page.post("/try/training/wine/")
    answer = page.post("/try/training/diabetes/")
    assert answer.status_code == 429
    assert "1 of your jobs wait" in answer.content.decode()
