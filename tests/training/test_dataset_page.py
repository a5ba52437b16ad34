"""The page of a table: how it was read, its columns, and what is to be learnt."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.training_pages import kept, signed_in, train
from tests.support.training_tables import flowers, houses
from tests.support.workbooks import workbook
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def page(ann) -> Client:
    return signed_in(ann)


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


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": "nothing"}, "nothing is not one of the available choices"),
        ({"target": "picked"}, "holds dates"),
        ({"target": "note"}, "different values"),
        ({"wanted": "regression"}, "holds text"),
        ({"time_limit": "1"}, "greater than or equal to 10"),
        ({"algorithms": ["magic"]}, "no algorithm named “magic”"),
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


BOOK = {
    "Notes": [["nothing"]],
    "Flowers": [line.split(",") for line in flowers().decode().splitlines()],
    "Prices": [line.split(",") for line in houses().decode().splitlines()],
}


def test_another_sheet_of_a_workbook_can_be_chosen_until_a_training_uses_the_first(page):
    book = workbook(BOOK)
    dataset = kept(page, book, name="book.xlsx")
    assert dataset.size == len(flowers()) + len(book), "the workbook is kept, and counts"
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "Of 3 sheets, this is “Flowers”" in text
    place = reverse("training:reread", args=[dataset.pk])
    assert page.post(place, {"sheet": "Prices"}).status_code == 302
    dataset.refresh_from_db()
    assert [column.name for column in dataset.columns] == ["size", "rooms", "town", "price"]
    assert dataset.path.read_bytes() == houses()
    assert dataset.size == len(houses()) + len(book)
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


def test_a_target_is_proposed_with_its_reason(page):
    dataset = kept(page, houses())
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "“price” is proposed: its name says so." in text
    page.post(reverse("training:columns", args=[dataset.pk]), columns_form(dataset, role0="target"))
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "“size” is proposed: it has the role of the target." in text


def page_form(dataset: Dataset, **changes) -> dict:
    """All that the page of a table sends with Start."""
    form = {**columns_form(dataset), "shown_target": "kind", "target": "kind", "preset": "60"}
    return form | {"role5": "target", "algorithms": ["tree"], "tune": "on"} | changes


def test_start_sends_the_columns_as_they_stand_on_the_page(page):
    dataset = kept(page, flowers())
    form = page_form(dataset, role2="group", role4="ignore", kind0="category")
    assert page.post(dataset.get_absolute_url(), form).status_code == 302
    job = TrainingJob.objects.get()
    assert (job.target, job.time_limit) == ("kind", 60)
    assert job.options["kinds"] == {"width": "category"}
    assert (job.options["ignore"], job.options["group"]) == (["note"], "soil")
    dataset.refresh_from_db()
    assert dataset.options == job.options, "the table shows them the next time"


@pytest.mark.parametrize(
    ("changes", "target", "ignored"),
    [
        ({"target": "soil"}, "soil", []),
        ({"role2": "target"}, "soil", []),
        ({"role2": "target", "target": "soil"}, "soil", []),
        ({"target": "soil", "role2": "ignore"}, "soil", []),
        ({"target": ""}, "", []),
    ],
)
def test_the_target_is_changed_in_its_list_or_among_the_roles(page, changes, target, ignored):
    dataset = kept(page, flowers())
    answer = page.post(dataset.get_absolute_url(), page_form(dataset, **changes))
    assert answer.status_code == 302, answer.content.decode()
    job = TrainingJob.objects.get()
    assert (job.target, job.options["ignore"]) == (target, ignored)
    assert job.options["target"] == (target or None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role5": "ignore"}, "The target “kind” is marked as ignored"),
        ({"role2": "target", "target": "height"}, "Only one column can be the target"),
        ({"role2": "time"}, "Choose a column of dates or of numbers"),
        ({"time_limit": "90"}, "1 min is chosen, and 90 seconds are given"),
        ({"preset": "own"}, "Give the time in seconds"),
        ({"preset": "own", "time_limit": "3"}, "greater than or equal to 10"),
        ({"algorithms": []}, "Choose at least one algorithm"),
    ],
)
def test_a_page_that_is_refused_comes_back_as_it_was_sent(page, changes, said):
    dataset = kept(page, flowers())
    form = page_form(dataset, role0="ignore", seed="77", **changes)
    text = page.post(dataset.get_absolute_url(), form).content.decode()
    assert said in text
    assert 'value="77"' in text
    assert '<option value="ignore" selected>' in text
    assert not TrainingJob.objects.exists()
    dataset.refresh_from_db()
    assert dataset.options == {}


@pytest.mark.parametrize("part", ["columns", "dataset-role", "reread"])
def test_a_button_of_a_part_keeps_the_choices_of_all_others(page, part):
    dataset = kept(page, flowers())
    form = page_form(dataset, role0="ignore", preset="own", time_limit="90", seed="77")
    del form["tune"]
    answer = page.post(
        reverse(f"training:{part}", args=[dataset.pk]),
        form | {"choice": "soil=group", "dates": "dmy"},
        follow=True,
    )
    shown = answer.context["form"]
    assert shown["time_limit"].value() == "90"
    assert (shown["seed"].value(), shown["preset"].value()) == ("77", "own")
    assert not shown["tune"].value()
    assert shown["algorithms"].value() == ["tree"]
    dataset.refresh_from_db()
    assert dataset.options["ignore"] == ["width"]
    assert dataset.options["group"] == ("soil" if part == "dataset-role" else None)
    assert dataset.told.get("dates", "") == ("dmy" if part == "reread" else "")


def test_import_options_that_were_changed_are_taken_before_a_start(page):
    dataset = kept(page, flowers())
    form = page_form(dataset, encoding="", dates="mdy")
    text = page.post(dataset.get_absolute_url(), form, follow=True).content.decode()
    assert "the table was read again" in text
    assert not TrainingJob.objects.exists()
    dataset.refresh_from_db()
    assert dataset.told["dates"] == "mdy"
    assert page.post(dataset.get_absolute_url(), form).status_code == 302
    assert TrainingJob.objects.get().options["target"] == "kind"


def test_remarks_after_the_fourth_are_folded(page):
    names = [f"c{n}" for n in range(7)]
    cells = [",".join(str(n * row % 9) for n in range(1, 7)) + ",x" for row in range(40)]
    dataset = kept(page, "\n".join([",".join(names), *cells]).encode())
    dataset.head["warnings"] = [f"remark {n}" for n in range(6)]
    dataset.save()
    text = page.get(dataset.get_absolute_url()).content.decode()
    assert "2 more" in text
    assert text.index("remark 3") < text.index('id="more-remarks"') < text.index("remark 4")
