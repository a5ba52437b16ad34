"""Pages on which tables are sent, listed, renamed and deleted."""

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.support.training_pages import HOSTILE, kept, signed_in, train, upload
from tests.support.training_tables import flowers, houses
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def page(ann) -> Client:
    return signed_in(ann)


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


def test_a_table_in_use_stays_and_an_unused_one_goes(page):
    dataset = kept(page, flowers())
    train(page, dataset)
    address = reverse("training:dataset-delete", args=[dataset.pk])
    text = page.post(address, follow=True).content.decode()
    assert "One training uses" in text
    assert dataset.path.exists()
    assert page.get(address).headers["Location"] == dataset.get_absolute_url()
    TrainingJob.objects.all().delete()
    assert "Delete this table?" in page.get(address).content.decode()
    assert dataset.path.exists(), "asking deletes nothing"
    page.post(address)
    assert not dataset.path.exists()
    assert not Dataset.objects.exists()


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


RAGGED = b"a,b,c\n1,2,3\n4,5\n" + b"6,7,8\n" * 9 + b"1,2,3,4\n"


@pytest.mark.parametrize(
    ("data", "fields", "offered", "choices"),
    [
        (RAGGED, {}, "Leave out 2 lines and go on", {"ragged": "drop"}),
        (
            b"a;b\n" + b"1;2\n" * 9,
            {"separator": "comma"},
            "Detect automatically: separator",
            {},
        ),
        (
            "name,n\nä,1\n".encode() * 3 + b"\xe4,2\n",
            {"encoding": "utf-8"},
            "Read as UTF-8, with what is unreadable replaced",
            {"encoding": "utf-8 repaired"},
        ),
    ],
)
def test_a_refused_table_stays_and_a_button_reads_it_in_another_way(
    page, tmp_path, data, fields, offered, choices
):
    answer = upload(page, data, name="messy.csv", **fields)
    form, text = answer.context["form"], answer.content.decode()
    assert "messy.csv" in text
    assert "You need not send it again" in text
    [remedy] = [one for one in form.remedies if one.label.startswith(offered)]
    pressed = {**fields, "held": form.held.sha256, "remedy": f"{remedy.option}={remedy.value}"}
    answer = page.post(reverse("training:new"), pressed)
    dataset = Dataset.objects.get()
    assert answer.headers["Location"] == dataset.get_absolute_url()
    assert (dataset.name, dataset.path.read_bytes()) == ("messy.csv", data)
    assert dataset.told == choices
    assert not list(tmp_path.glob("refused-*")), "nothing is kept once it is a table"


def test_a_packed_table_that_is_refused_is_kept_as_it_came(page):
    form = upload(page, gzip.compress(RAGGED), name="messy.csv.gz").context["form"]
    again = {"held": form.held.sha256, "skip": "x"}
    form = page.post(reverse("training:new"), again).context["form"]
    assert "skip" in form.errors, "and a wrong option loses nothing either"
    page.post(reverse("training:new"), {"held": form.held.sha256, "ragged": "drop"})
    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.path.read_bytes()) == ("messy.csv", RAGGED)


def test_a_refused_file_is_its_owners_alone_and_the_last_one_counts(page, bob):
    first = upload(page, RAGGED, name="one.csv").context["form"].held
    stranger = signed_in(bob).post(reverse("training:new"), {"held": first.sha256})
    assert "Choose the file of a table." in stranger.content.decode()
    upload(page, RAGGED + b"1,2,3\n", name="two.csv")
    late = page.post(reverse("training:new"), {"held": first.sha256, "ragged": "drop"})
    assert "Choose the file of a table." in late.content.decode()
    assert not Dataset.objects.exists()


def test_no_button_is_offered_for_what_is_no_table(page):
    form = upload(page, b"\x89PNG\r\n\x1a\n" + bytes(500), name="photo.csv").context["form"]
    assert form.remedies == ()
    assert "PNG" in str(form.errors["file"])


def test_a_script_that_shows_progress_is_told_where_to_go(page):
    file = SimpleUploadedFile("table.csv", flowers(), content_type="text/csv")
    answer = page.post(reverse("training:new"), {"file": file}, headers={"X-Upload": "1"})
    assert answer.status_code == 204
    assert answer.headers["X-Location"] == Dataset.objects.get().get_absolute_url()
