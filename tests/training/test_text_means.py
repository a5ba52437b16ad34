"""What cells mean: the preview and the reading of the whole file decide by one function."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from jobsite.jobs.models.api_token import ApiToken
from tests.support.text_meanings import MEANINGS, SEPARATORS, column, separated
from tests.support.training_runs import kept, trained
from tests.support.training_tables import flowers
from tests.support.workbooks import FORMULA, workbook
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.problem.problem_type import guess
from training.reading.reader import read
from training.tables.preview import HEAD_BYTES, preview
from training.tables.schema import Preview, ReadingError

pytestmark = pytest.mark.django_db


def look(text: str, **told) -> Preview:
    data = text.encode()
    return preview(data[:HEAD_BYTES], len(data), told)


@pytest.mark.parametrize("case", MEANINGS)
def test_a_cell_means_the_same_in_the_head_and_in_the_whole_file(tmp_path, case):
    cells, right, said, separator = MEANINGS[case]
    text = column(cells, separator=separator)
    seen = look(text)
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    whole = read(tmp_path / "t.csv", seen.dialect, seen.columns)
    assert [one.kind for one in seen.columns] == [one.kind for one in whole.columns]
    found = whole.frame["x"].tolist()[: len(right)]
    assert found == (pytest.approx(right) if isinstance(right[0], int | float) else right)
    assert said in " ".join(seen.warnings)


@pytest.mark.parametrize("case", SEPARATORS)
def test_the_separator_is_that_of_the_names_and_of_all_rows(case):
    *_, separator, names = SEPARATORS[case]
    seen = look(separated(case))
    assert seen.dialect.separator == separator
    assert [one.name for one in seen.columns] == names


def test_a_code_na_is_kept_where_the_owner_says_that_the_column_is_one_of_categories(tmp_path):
    text = column(["CA", "TX", "NA"] * 4)
    seen = look(text, kinds={"x": "category"})
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    whole = read(tmp_path / "t.csv", seen.dialect, seen.columns)
    assert [(c.missing, c.distinct) for c in (seen.columns[0], whole.columns[0])] == [(0, 3)] * 2
    assert whole.frame["x"].tolist()[:3] == ["CA", "TX", "NA"]


def test_a_line_of_several_cells_above_a_blank_line_is_a_title():
    rows = "".join(f"{n}.5,{n}\n" for n in range(20))
    seen = look(f"Report 2024, all regions\n\nx,y\n{rows}")
    assert [one.name for one in seen.columns] == ["x", "y"]
    assert "Report 2024 all regions" in seen.warnings[0]
    assert [one.name for one in look(f"x,y\n\n{rows}").columns] == ["x", "y"]


IDS = {
    "years": ("year", [str(1950 + n) for n in range(60)], False),
    "a price index": ("price_index", [str(9000 + 7 * n) for n in range(60)], False),
    "money under a name that ends like an id": (
        "amount_paid",
        [str(37 * n) for n in range(60)],
        False,
    ),
    "durations": ("time", [f"{n}:{n % 60:02}:00" for n in range(1, 61)], False),
    "addresses": (
        "url",
        [f"https://{'abcdefg'[n % 7] * 3}{'xyz'[n % 3]}.example/{n}" for n in range(60)],
        False,
    ),
    "words without blanks": (
        "text",
        [f"很{'好坏'[n % 2]}的{'书茶酒'[n % 3]}第{'一二三四五'[n % 5]}{n}次" for n in range(60)],
        False,
    ),
    "numbers called id": ("customer_id", [str(40 + 3 * n) for n in range(60)], True),
    "codes of one form": ("code", [f"C-{n:04}" for n in range(60)], True),
    "hashes": ("key", [f"{n * 7919:08x}a1" for n in range(60)], True),
}  # fmt: skip


@pytest.mark.parametrize("case", IDS)
def test_different_everywhere_is_no_id_by_itself(case):
    name, cells, is_id = IDS[case]
    found = look(column(cells, name)).columns[0]
    assert (found.hints == ("id",)) is is_id
    if found.kind == "number":
        assert guess(found, 60).kind == "regression", "never refused as a target for its name"


CODES = {
    "classes with a gap": ([1, 2, 3, 5, 6, 7], "multiclass"),
    "classes with a minus": ([-1, 0, 1], "multiclass"),
    "counts": ([0] * 6 + [1] * 12 + [2] * 9 + [3] * 5 + [4] * 3 + [5] * 2 + [6], "regression"),
    "quantities": ([3, 8, 1, 44, 12, 90, 7, 6, 31, 20, 55, 71], "regression"),
}


@pytest.mark.parametrize("case", CODES)
def test_few_whole_numbers_are_classes_unless_they_count(case):
    values, kind = CODES[case]
    cells = [str(value) for value in values * 20]
    found = look(column(cells)).columns[0]
    assert guess(found, len(cells)).kind == kind


def test_names_in_two_rows_are_joined():
    seen = look(",2023,,2024\ntown,q1,q2,q1\n" + "".join(f"B{n},{n},2,3\n" for n in range(9)))
    assert [one.name for one in seen.columns] == ["town", "2023 q1", "2023 q2", "2024 q1"]
    assert seen.columns[1].kind == "number"


def test_a_long_name_is_the_same_beside_any_other():
    names = ["x" * 250 + end for end in ("taste", "price")]
    for order in (names, names[::-1]):
        found = [one.name for one in look(f"{','.join(order)}\n1,2\n3,4\n").columns]
        assert len(set(found)) == 2
        assert sorted(found) == sorted(
            one.name for one in look(f"{','.join(names)}\n1,2\n").columns
        )


def test_a_workbook_is_read_without_notes_and_far_cells(ann, folder):
    rows = [["a", "b", "y"], *([n, n % 3, 2 * n] for n in range(30))]
    rows += [[], ["Source: finance dept"]]
    rows[3] = [*rows[3], *([None] * 40), "seen by Ann"]
    dataset = kept(ann, folder, workbook({"T": rows}), "t.xlsx")
    assert [one.name for one in dataset.columns] == ["a", "b", "y"]
    assert {one.kind for one in dataset.columns} == {"number"}
    warnings = " ".join(dataset.preview.warnings)
    assert "taken as a note" in warnings
    assert "far to the right" in warnings


def test_merged_cells_have_the_value_of_the_first(ann, folder):
    rows = [["town", "n", "y"], ["Bern", 1, 2], [None, 2, 3], [None, 3, 4], ["Chur", 4, 5]]
    dataset = kept(ann, folder, workbook({"T": rows}, merged="A2:A4"), "t.xlsx")
    assert [row[0] for row in dataset.preview.rows] == ["Bern", "Bern", "Bern", "Chur"]
    assert "2 merged cells have the value of the first of them" in dataset.preview.warnings[0]


def test_a_formula_without_a_result_is_refused_with_its_cell(ann, folder):
    rows = [["a", "y"], [1, FORMULA], *([n, 2 * n] for n in range(30))]
    with pytest.raises(ReadingError, match="Cell B2 of “T” holds a formula without a result"):
        kept(ann, folder, workbook({"T": rows}), "t.xlsx")


def test_a_class_is_chosen_as_the_positive_one(ann, folder):
    text = "x,n,y\n" + "".join(
        f"{n},{n % 3},{'stayed' if n % 5 else 'churned'}\n" for n in range(80)
    )
    dataset = kept(ann, folder, text)
    job = trained(dataset, "y", options={"positive": "STAYED"})
    assert job.result["positive"] == "stayed"
    assert trained(dataset, "y").result["positive"] == "churned", "the rarer one if nobody says"


def test_rows_without_a_time_take_no_part(ann, folder):
    text = "day,x,y\n" + "".join(
        f"{'' if n % 10 == 0 else f'2024-{n % 12 + 1:02}-{n % 28 + 1:02}'},{n % 7},{n % 7}\n"
        for n in range(120)
    )
    job = trained(kept(ann, folder, text), "y", options={"time": "day"}, wanted="regression")
    assert job.result["rows"] == 108
    assert any("12 rows have no value of the time" in said for said in job.result["warnings"])


@pytest.mark.parametrize(
    ("kind", "name", "said"), [("date", "soil", "no cell can"), ("number", "soil", "no cell can")]
)
def test_a_chosen_kind_is_tried_when_it_is_chosen(ann, folder, kind, name, said):
    dataset = kept(ann, folder, flowers())
    before = dataset.options
    with pytest.raises(Exception, match=said):
        dataset.choose({name: {"kind": kind}})
    assert dataset.options == before


def test_a_number_that_looks_like_an_id_is_used_if_somebody_says_so(ann, folder):
    text = "item_id,n,y\n" + "".join(f"{n},{n % 3},{2 * n}\n" for n in range(60))
    dataset = kept(ann, folder, text)
    assert dataset.columns[0].hints == ("id",)
    for change in ({"role": "feature"}, {"kind": "number"}):
        dataset.choose({"item_id": change})
        assert dataset.columns[0].hints == ()
        assert "item_id" in trained(dataset, "y").result["features"]
        dataset.choose({"item_id": {"role": "ignore"}})
        assert "item_id" not in trained(dataset, "y").result["features"]
        dataset.options = {}


US_DATES = "id,d,y\n" + "".join(
    f"{n},{n % 12 + 1:02}/{n % 9 + 1:02}/2023,{'yes' if n % 3 else 'no'}\n" for n in range(60)
)


def api(person) -> APIClient:
    _, secret = ApiToken.objects.create(person, name="test")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_order_of_dates_and_positive_class_are_chosen_by_the_api(ann, folder):
    client = api(ann)
    file = SimpleUploadedFile("t.csv", US_DATES.encode())
    sent = client.post("/api/v1/datasets/", {"file": file, "dates": "mdy"}, format="multipart")
    assert sent.status_code == 201
    dataset = Dataset.objects.get(pk=sent.json()["id"])
    assert dataset.columns[1].date_format == "mdy"
    change = {"columns": {"id": {"role": "feature"}}}
    assert client.patch(f"/api/v1/datasets/{dataset.pk}/", change, format="json").status_code == 200
    wish = {"dataset": str(dataset.pk), "target": "y", "positive": "no", "algorithms": ["tree"]}
    answer = client.post("/api/v1/training/", wish, format="json")
    assert answer.status_code == 202
    options = TrainingJob.objects.get(pk=answer.json()["id"]).options
    assert (options["use"], options["positive"]) == (["id"], "no")


def test_order_of_dates_and_positive_class_are_chosen_on_the_page(ann, folder):
    page = Client()
    page.force_login(ann)
    dataset = kept(ann, folder, US_DATES)
    assert "day and month cannot be told apart" in " ".join(dataset.preview.warnings)
    page.post(reverse("training:reread", args=[dataset.pk]), {"dates": "mdy"})
    dataset.refresh_from_db()
    assert dataset.columns[1].date_format == "mdy"
    fields = {"kind0": "number", "kind1": "date", "kind2": "boolean", "role0": "feature"}
    fields |= {"role1": "feature", "role2": "feature"}
    page.post(reverse("training:columns", args=[dataset.pk]), fields)
    form = {"target": "y", "algorithms": ["tree"], "time_limit": 60, "positive": "no"}
    assert page.post(reverse("training:dataset", args=[dataset.pk]), form).status_code == 302
    options = TrainingJob.objects.get().options
    assert (options["use"], options["positive"]) == (["id"], "no")


def test_order_of_dates_and_positive_class_are_chosen_by_the_command(ann, folder, capsys):
    (folder / "us.csv").write_text(US_DATES)
    words = ["--dates", "mdy", "--positive", "no", "--use", "id", "--user", "ann"]
    with pytest.raises(SystemExit) as ended:
        call_command("train", str(folder / "us.csv"), "--target", "y", *words)
    assert ended.value.code == 0
    job = TrainingJob.objects.get()
    assert job.dataset.columns[1].date_format == "mdy"
    assert (job.options["use"], job.options["positive"]) == (["id"], "no")
    said = capsys.readouterr().err
    assert "exactly two values" in said
    assert "--problem regression changes that" in said


def test_a_table_of_a_few_rows_is_refused_when_it_is_submitted(ann, folder):
    client = api(ann)
    dataset = kept(ann, folder, "x,y\n1,2\n3,4\n5,7\n")
    wish = {"dataset": str(dataset.pk), "target": "y"}
    answer = client.post("/api/v1/training/", wish, format="json")
    assert answer.status_code == 400
    assert "Only 3 rows can take part" in answer.json()["target"][0]
