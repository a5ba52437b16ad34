"""Pages of training: upload, preview, choose, submit, look, delete; for the owner alone."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobsite.jobs.status import Status
from tests.training_tables import flowers, houses
from tests.workbooks import workbook
from training.models import Dataset, TrainingJob

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path


@pytest.fixture
def page(ann) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def upload(page: Client, data: bytes, name: str = "table.csv", **fields):
    file = SimpleUploadedFile(name, data, content_type="text/csv")
    return page.post(reverse("training:new"), {"file": file, **fields})


def kept(page: Client, data: bytes, **fields) -> Dataset:
    answer = upload(page, data, **fields)
    assert answer.status_code == 302, answer.content.decode()
    return Dataset.objects.latest("created_at")


def train(page: Client, dataset: Dataset, **fields):
    form = {"target": "kind", "algorithms": ["linear", "tree"], "time_limit": 60, **fields}
    return page.post(dataset.get_absolute_url(), form)


def test_a_table_is_kept_as_it_came_and_shown(page):
    data = flowers()
    dataset = kept(page, data)
    assert dataset.path.read_bytes() == data
    assert len(dataset.sha256) == 64
    assert dataset.rows == 120
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "several classes" in text
    assert "small one" in text
    assert "Gradient boosting" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "file is empty"),
        (b"a,b\n", "no rows"),
        (b"a\n1\n2\n", "Only one column"),
        (b"PK\x03\x04" + bytes(50), "another kind of archive"),
        (b"a,b,c\n1,2,3\n4,5\n6,7,8\n", "Line 3"),
    ],
)
def test_a_bad_table_comes_back_with_the_reason_and_nothing_is_kept(page, tmp_path, data, said):
    answer = upload(page, data, separator="comma", encoding="cp1252")
    text = answer.content.decode()
    assert said in text
    assert '<option value="cp1252" selected>' in text
    assert not Dataset.objects.exists()
    assert not list(tmp_path.glob("datasets/*"))


def test_no_file_is_asked_for(page):
    text = page.post(reverse("training:new"), {}).content.decode()
    assert "Choose the file of a table." in text


def test_an_upload_past_the_limit_is_413_with_a_sentence(page, settings):
    settings.TRAINING_UPLOAD_MB = 1
    answer = upload(page, b"a,b\n" + b"1,2\n" * 400_000)
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.content.decode()
    assert not Dataset.objects.exists()


def test_a_wrong_reading_is_corrected_on_the_page(page):
    dataset = kept(page, "town;size\nZürich;1\nBern;2\n".encode("cp1252"))
    assert dataset.preview.dialect.encoding_guessed
    address = reverse("training:reread", args=[dataset.pk])
    assert page.post(address, {"encoding": "mac_roman", "header": "no"}).status_code == 302
    dataset.refresh_from_db()
    assert dataset.preview.dialect.encoding == "mac_roman"
    assert [column.name for column in dataset.preview.columns] == ["column 1", "column 2"]
    text = page.post(address, {"encoding": "utf-8"}).content.decode()
    assert "Line 2 is not utf-8 text" in text
    dataset.refresh_from_db()
    assert dataset.preview.dialect.encoding == "mac_roman"


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


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": "nothing"}, "nothing is not one of the available choices"),
        ({"target": "picked"}, "holds dates"),
        ({"target": "note"}, "different values"),
        ({"wanted": "regression"}, "holds text"),
        ({"time_limit": "1"}, "greater than or equal to 10"),
        ({"algorithms": ["magic"]}, "magic is not one of the available choices"),
        ({"folds": "1"}, "greater than or equal to 2"),
    ],
)
def test_a_bad_choice_comes_back_with_all_that_was_chosen(page, fields, said):
    dataset = kept(page, flowers())
    text = train(page, dataset, seed=77, **fields).content.decode()
    assert said in text
    assert 'value="77"' in text
    assert not TrainingJob.objects.exists()


def test_the_problem_of_a_target_is_answered_as_a_fragment(page):
    dataset = kept(page, houses())
    address = reverse("training:guess", args=[dataset.pk])
    assert "regression" in page.get(address, {"target": "price"}).content.decode()
    assert "no column named" in page.get(address, {"target": "x"}).content.decode()


def finished(page: Client, data: bytes, **facts) -> TrainingJob:
    train(page, kept(page, data))
    job = TrainingJob.objects.get()
    result = {
        "problem": "multiclass", "reason": "Because.", "target": job.target, "rows": 120,
        "folds": 5, "metric": "balanced_accuracy", "greater_is_better": True, "best": "tree",
        "leaderboard": [
            {"algorithm": "tree", "label": "Decision tree", "status": "succeeded", "score": 0.9,
             "score_std": 0.01, "metrics": {"accuracy": 0.8}, "fit_seconds": 1.5, "note": "",
             "tied": False, "holdout": {"balanced_accuracy": 0.85}, "model": "tree.skops"},
            {"algorithm": "svm", "label": "Support vectors", "status": "failed", "score": None,
             "score_std": None, "metrics": None, "fit_seconds": None, "error": HOSTILE,
             "note": "", "tied": False, "holdout": None, "model": ""},
        ],
        "warnings": [HOSTILE], "holdout": {}, "importance": {},
        "plots": [{"algorithm": "tree", "name": "confusion", "title": HOSTILE,
                   "sentence": "Read it so.", "file": "tree-confusion.svg",
                   "width": 300, "height": 300}],
    }  # fmt: skip
    TrainingJob.objects.update(
        status=Status.SUCCEEDED, finished_at=timezone.now(), result=result, progress=1
    )
    job.artifacts.mkdir(parents=True)
    (job.artifacts / "tree-confusion.svg").write_text("<svg>drawn</svg>")
    (job.artifacts / "tree.skops").write_bytes(b"model")
    return job


def test_a_result_is_shown_and_hostile_text_stays_text(page):
    job = finished(page, flowers())
    text = page.get(job.get_absolute_url()).content.decode()
    assert "Decision tree" in text
    assert "0.85" in text
    assert "tree-confusion-dark.svg" in text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert "hx-get" not in text, "nothing is polled once it is over"


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


def test_a_table_in_use_stays_and_an_unused_one_goes(page):
    dataset = kept(page, flowers())
    train(page, dataset)
    address = reverse("training:dataset-delete", args=[dataset.pk])
    text = page.post(address, follow=True).content.decode()
    assert "One training uses" in text
    assert dataset.path.exists()
    TrainingJob.objects.all().delete()
    page.post(address)
    assert not dataset.path.exists()
    assert not Dataset.objects.exists()


def test_a_hostile_table_is_shown_as_text(page):
    data = f"{HOSTILE},b\n{HOSTILE},1\nx,2\n".replace('"', "'").encode()
    dataset = kept(page, data)
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "<script>alert(" not in text
    assert "&lt;script&gt;alert(" in text


def test_strangers_are_sent_to_sign_in():
    answer = Client().get(reverse("training:new"))
    assert answer.status_code == 302
    assert "/accounts/login/" in answer.headers["Location"]


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


def columns_form(dataset: Dataset, **changes: str) -> dict[str, str]:
    form = {}
    for number, column in enumerate(dataset.preview.columns):
        form |= {f"kind{number}": column.kind, f"role{number}": "feature"}
    return form | changes


def test_kinds_and_roles_are_kept_and_go_along_with_the_next_training(page):
    dataset = kept(page, flowers())
    address = reverse("training:columns", args=[dataset.pk])
    form = columns_form(dataset, kind0="category", role2="group", role3="time", role4="ignore")
    assert page.post(address, form).status_code == 302
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert '<option value="group" selected>' in text
    train(page, dataset)
    assert TrainingJob.objects.get().options == {
        "kinds": {"width": "category"},
        "ignore": ["note"],
        "target": None,
        "group": "soil",
        "time": "picked",
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role2": "group", "role5": "group"}, "Only one column can be the group"),
        ({"role2": "time"}, "Choose a column of dates or of numbers"),
        ({"kind0": "poem"}, "poem is not one of the available choices"),
    ],
)
def test_roles_that_do_not_fit_come_back_with_the_reason(page, changes, said):
    dataset = kept(page, flowers())
    address = reverse("training:columns", args=[dataset.pk])
    assert said in page.post(address, columns_form(dataset, **changes)).content.decode()
    dataset.refresh_from_db()
    assert dataset.options == {}


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


BOOK = {
    "Notes": [["nothing"]],
    "Flowers": [line.split(",") for line in flowers().decode().splitlines()],
    "Prices": [line.split(",") for line in houses().decode().splitlines()],
}


def test_another_sheet_of_a_workbook_can_be_chosen_until_a_training_uses_the_first(page):
    dataset = kept(page, workbook(BOOK), name="book.xlsx")
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "Of 3 sheets, this is “Flowers”" in text
    place = reverse("training:reread", args=[dataset.pk])
    assert page.post(place, {"sheet": "Prices"}).status_code == 302
    dataset.refresh_from_db()
    assert [column.name for column in dataset.columns] == ["size", "rooms", "town", "price"]
    assert dataset.path.read_bytes() == houses()
    answer = page.post(place, {"sheet": "Notes"})
    assert "Only one column" in answer.content.decode()
    assert train(page, dataset, target="price").status_code == 302
    answer = page.post(place, {"sheet": "Flowers"})
    assert "Trainings use the sheet “Prices”" in answer.content.decode()
    dataset.refresh_from_db()
    assert dataset.path.read_bytes() == houses()
    TrainingJob.objects.all().delete()
    dataset.remove()
    assert not list(dataset.path.parent.iterdir())


def test_tables_are_listed_searched_renamed_and_given_back(page):
    first, second = kept(page, flowers(), name="petals.csv"), kept(page, houses(), name="homes.csv")
    place = reverse("training:datasets")
    text = page.get(place).content.decode()
    assert "petals.csv" in text
    assert "homes.csv" in text
    assert page.get(place, {"q": "PETAL"}).context["page_obj"].paginator.count == 1
    assert "No table has" in page.get(place, {"q": HOSTILE}).content.decode()
    rename = reverse("training:dataset-rename", args=[first.pk])
    page.post(rename, {"name": " Petals 2024 "})
    page.post(rename, {"name": "  "})
    first.refresh_from_db()
    assert first.name == "Petals 2024"
    text = page.get(first.get_absolute_url()).content.decode()
    assert first.sha256 in text
    file = page.get(reverse("training:dataset-file", args=[first.pk]))
    assert b"".join(file.streaming_content) == flowers()
    assert "Petals%202024.csv" in file.headers["Content-Disposition"] or (
        'filename="Petals 2024.csv"' in file.headers["Content-Disposition"]
    )
    train(page, second, target="price")
    answer = page.post(reverse("training:dataset-delete", args=[second.pk]), follow=True)
    assert "One training uses “homes.csv”" in answer.content.decode()
