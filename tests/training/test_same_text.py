"""The same text means the same in training and in prediction, or it is asked or refused.

Each table has a signal that a straight line learns, so that a misread cell shows in the answer.
"""

import math
import random
from datetime import date, datetime, timedelta

import pytest

from jobsite.jobs.execution.outcome import JobFailed
from tests.support.training_runs import kept, predicted, trained
from tests.support.workbooks import workbook
from training.tables.schema import ReadingError

pytestmark = pytest.mark.django_db
CHANCE = random.Random(3)
ROWS = 80


def comma(number: float) -> str:
    """A number as Germans write it: 1.234,50."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def table(head: str, row) -> str:
    return "\n".join([head, *(row(number) for number in range(ROWS))]) + "\n"


def clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def day(number: int) -> date:
    return date(2022, 1, 3) + timedelta(days=5 * number)


WORDS = ("yes", "Yes", "YES", "no", "No", "NO")
LONG = "How important was this when you decided to buy the product: from one to five: " * 4

# The table to learn from, its target, the rows, and the answers. y = 2 x where nothing is said.
CASES = {
    "thousands that only the training tells": (
        table("x;n;y", lambda n: f"{comma(37.5 * n)};{n % 3};{comma(75 * n)}"), "y",
        "x;n\n1.234;1\n2.500;1\n", [2468, 5000],
    ),
    "a decimal point beside a training of commas": (
        table("x;n;y", lambda n: f"{comma(37.5 * n)};{n % 3};{comma(75 * n)}"), "y",
        "x;n\n1234.5;1\n10.25;1\n", [2469, 20.5],
    ),
    "shares beside percentages": (
        table("x,n,y", lambda n: f"{n}%,{n % 3},{2 * n}"), "y",
        "x,n\n0.12,1\n0.5,1\n", [24, 100],
    ),
    "numbers of per cent without the sign": (
        table("x,n,y", lambda n: f"{n} %,{n % 3},{2 * n}"), "y",
        "x,n\n12,1\n50,1\n", [24, 100],
    ),
    "percentages beside shares": (
        table("x,n,y", lambda n: f"{n / 100},{n % 3},{2 * n}"), "y",
        "x,n\n12%,1\n50%,1\n", [24, 100],
    ),
    "lines of one column, some without a value": (
        table("x,y", lambda n: f"{n},{2 * n}"), "y", "x\n10\n\n30\n\n", [20, None, 60, None],
    ),
    "a row of another width": (
        table("x,n,y", lambda n: f"{n},{n % 3},{2 * n}"), "y",
        "x,n\n10,1\n20\n30,1,5\n40,1\n", [20, "", "", 80],
    ),
    "columns whose long names differ at the end": (
        table(f"{LONG} price,{LONG} taste,y", lambda n: f"{n % 7},{n % 5},{2 * (n % 7)}"), "y",
        f"{LONG} taste,{LONG} price\n1,5\n4,2\n", [10, 4],
    ),
    "names in other letters": (
        table("Size,Member Age,y", lambda n: f"{n},{n % 3},{2 * n}"), "y",
        "SIZE,member\u00a0age\n10,1\n20,1\n", [20, 40],
    ),
    "ISO dates beside dates of a country": (
        table("d,n,y", lambda n: f"{day(n):%m/%d/%Y},{n % 3},{10 * n}"), "y",
        f"d,n\n{day(20)},1\n{day(50)},1\n", [200, 500],
    ),
    "month first, because the training's days prove it": (
        table("d,n,y", lambda n: f"{day(n):%m/%d/%Y},{n % 3},{10 * n}"), "y",
        "d,n\n02/01/2022,1\n", [10 * (date(2022, 2, 1) - day(0)).days / 5],
    ),
    "durations": (
        table("x,n,y", lambda n: f"{clock(180 * n)},{n % 3},{6 * n}"), "y",
        "x,n\n1:30:00,1\n0:30:00,1\n", [180, 60],
    ),
    "a unit that is left away": (
        table("x,n,y", lambda n: f"{n} kg,{n % 3},{2 * n}"), "y",
        "x,n\n12,1\n50 kg,1\n", [24, 100],
    ),
    "other units of the same dimension": (
        table("x,n,y", lambda n: f"{n} kg,{n % 3},{2 * n}"), "y",
        "x,n\n12000 g,1\n0.05 t,1\n", [24, 100],
    ),
    "durations written with units": (
        table("x,n,y", lambda n: f"{clock(180 * n)},{n % 3},{6 * n}"), "y",
        "x,n\n1h 30m,1\nPT30M,1\n", [180, 60],
    ),
    "a title above the names": (
        table("x,n,y", lambda n: f"{n},{n % 3},{2 * n}"), "y",
        "Report of May\n\nx,n\n10,1\n", [20],
    ),
    "another separator": (
        table("x,n,y", lambda n: f"{n},{n % 3},{2 * n}"), "y", "n;x\n1;10\n1;20\n", [20, 40],
    ),
    "truth in other words": (
        table("x,n,y", lambda n: f"{n % 2 == 0},{n % 3},{10 if n % 2 == 0 else 0}"), "y",
        "x,n\nyes,1\n0,1\nTRUE,1\n", [10, 0, 10],
    ),
    "Swiss marks": (
        table("x;n;y", lambda n: f"{37.5 * n:,.2f};{n % 3};{75 * n}".replace(",", "’")), "y",
        "x;n\n1’234.50;1\n10;1\n", [2469, 20],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rows_are_answered_as_their_text_means_it(ann, folder, case):
    data, target, rows, right = CASES[case]
    job = trained(kept(ann, folder, data), target, wanted="regression")
    _, answers = predicted(job, folder, rows)
    assert len(answers) == len(right)
    for answer, value in zip(answers, right, strict=True):
        said = answer[f"predicted {target}"]
        if value is None:
            assert math.isfinite(float(said)), "a row without a value has an answer as well"
        elif value == "":
            assert said == ""
            assert "instead of 2" in answer["note"]
        else:
            assert float(said) == pytest.approx(value, rel=0.05, abs=3)


DOUBTS = {
    "a mark that the training never saw": (
        table("x,n,y", lambda n: f"{n},{n % 3},{2 * n}"), 'x,n\n"1,234",1\n', "read in two ways",
    ),
    "half a per cent or a half": (
        table("x,n,y", lambda n: f"{n / 100}%,{n % 3},{n}"), "x,n\n0.5,1\n", "a share or a percent",
    ),
    "a percent sign where numbers had none": (
        table("x,n,y", lambda n: f"{n},{n % 3},{n}"), "x,n\n5%,1\n", "without a percent sign",
    ),
    "times without the offset of the training": (
        table("d,n,y", lambda n: f"{datetime(2024, 1, 1) + timedelta(hours=n)}+02:00,{n % 3},{n}"),
        "d,n\n2024-01-02 10:00:00,1\n", "have no offset from UTC",
    ),
    "another currency": (
        table("x,n,y", lambda n: f"€{n}.50,{n % 3},{n}"), "x,n\n€5.50,1\n$7.50,1\n",
        "in row 2 is given in .\\. In the training this column was written in €",
    ),
    "a unit where numbers had none": (
        table("x,n,y", lambda n: f"{n},{n % 3},{n}"), "x,n\n5 kg,1\n", "as numbers alone",
    ),
    "minutes or hours": (
        table("x,n,y", lambda n: f"{clock(180 * n)},{n % 3},{n}"), "x,n\n1:30,1\n", "as h:mm",
    ),
    "none of the columns": (
        table("size,age,y", lambda n: f"{n},{n % 3},{n}"), "sise,agge\n1,2\n", "mean “sise”",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOUBTS)
def test_what_is_not_certain_is_refused_with_the_cell(ann, folder, case):
    data, rows, said = DOUBTS[case]
    job = trained(kept(ann, folder, data), "y", wanted="regression")
    with pytest.raises((JobFailed, ReadingError), match=said):
        predicted(job, folder, rows)


def test_conversions_are_counted_and_cells_come_back_untouched(ann, folder):
    data = table("id,colour,x,y", lambda n: f"{n + 1},{'red' if n % 2 else 'blue'},{n},{2 * n}")
    job = trained(kept(ann, folder, data), "y", wanted="regression")
    rows = "id,colour,x\n00012345678901234567890,RED,1.50\n'7, red ,wide\n@x,green,900\n"
    result, answers = predicted(job, folder, rows)
    assert [answer["id"] for answer in answers] == ["00012345678901234567890", "'7", "@x"]
    assert answers[0]["x"] == "1.50"
    assert answers[1]["colour"] == " red "
    found = {finding["what"]: finding for finding in result["findings"]}
    assert found["converted"]["count"] == 1
    assert found["unseen"]["count"] == 1
    assert found["unreadable"]["sentence"].startswith("“x”: 1 of 3 cells are no numbers")
    assert answers[0]["note"] == ""
    assert "“wide” is no number" in answers[1]["note"]
    assert "“green” is new to the model" in answers[2]["note"]
    assert "outside 0 to 79" in answers[2]["note"]


def test_a_workbook_and_a_text_file_mean_the_same(ann, folder):
    rows = [["when", "x", "y"], *(
        [("date", 44_000 + number), number % 3, 10 * number] for number in range(ROWS)
    )]  # fmt: skip
    job = trained(kept(ann, folder, workbook({"T": rows}), "t.xlsx"), "y", wanted="regression")
    base = date(1899, 12, 30)
    text = "when,x\n" + "".join(
        f"{base + timedelta(days=44_000 + n):%d.%m.%Y},1\n" for n in (20, 50)
    )
    sheet = [["when", "x"], [("date", 44_020), 1], [None, None], [("date", 44_050), 1]]
    _, of_text = predicted(job, folder, text)
    _, of_sheet = predicted(job, folder, workbook({"T": sheet}), "rows.xlsx")
    values = [float(answer["predicted y"]) for answer in of_text]
    assert values == pytest.approx([200, 500], rel=0.05)
    found = [float(answer["predicted y"]) for answer in of_sheet]
    assert len(found) == 3, "the blank row has an answer"
    assert [found[0], found[2]] == pytest.approx(values)
