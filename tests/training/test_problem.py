"""What a target asks, and which targets are refused."""

import pandas as pd
import pytest

from training.modelling.preprocessing import make_plan
from training.modelling.splits import make_experiment
from training.modelling.task import make_learning_task
from training.problem.problem_type import TargetError, find_target, guess, order_classes
from training.tables.schema import Column


def column(kind: str = "category", **facts) -> Column:
    return Column("y", kind, **facts)


GUESSED = {
    "two words": (column(distinct=2), "binary"),
    "yes and no": (column("boolean", distinct=2), "binary"),
    "zero and one": (column("number", distinct=2, integer=True, low=0, high=1), "binary"),
    "two numbers": (column("number", distinct=2, low=1.5, high=2.5), "binary"),
    "words": (column(distinct=5), "multiclass"),
    "text": (column("text", distinct=30), "multiclass"),
    "codes from 0": (column("number", distinct=10, integer=True, low=0, high=9), "multiclass"),
    "codes from 1": (column("number", distinct=5, integer=True, low=1, high=5), "multiclass"),
    "marks": (column("number", distinct=6, integer=True, low=3, high=8), "regression"),
    "codes with a gap": (column("number", distinct=3, integer=True, low=0, high=8), "regression"),
    "ages": (column("number", distinct=70, integer=True, low=1, high=70), "regression"),
    "prices": (column("number", distinct=900, low=0.5, high=99.5), "regression"),
}


@pytest.mark.parametrize("case", GUESSED)
def test_the_problem_is_guessed_with_a_reason(case):
    target, kind = GUESSED[case]
    found = guess(target, 1000)
    assert found.kind == kind
    assert "“y”" in found.reason
    assert found.reason.endswith(".")


REFUSED = {
    "constant": (column(distinct=1, hints=("constant",)), "", "same value in every row"),
    "empty": (column(distinct=0, hints=("empty",)), "", "no value in any row"),
    "date": (column("date", distinct=9, date_format="ISO8601"), "", "holds dates"),
    "a word for each row": (column(distinct=1000), "", "another word in every row"),
    "too many words": (column(distinct=101), "", "101 different values"),
    "numbers as classes": (
        column("number", distinct=5000, integer=True, low=0, high=9999),
        "classification",
        "5,000 different values",
    ),
    "words as a number": (column(distinct=3), "regression", "holds text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_target_that_cannot_be_learnt_is_refused_with_a_sentence(case):
    target, wanted, said = REFUSED[case]
    with pytest.raises(TargetError) as refused:
        guess(target, 1000, wanted)
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


def test_the_guess_can_be_overruled():
    marks = column("number", distinct=6, integer=True, low=3, high=8)
    assert guess(marks, 1000, "classification").kind == "multiclass"
    codes = column("number", distinct=2, integer=True, low=0, high=1)
    assert guess(codes, 1000, "regression").kind == "regression"


def test_a_missing_column_is_answered_with_those_that_are_there():
    columns = [Column(f"c{n}", "number") for n in range(20)]
    with pytest.raises(TargetError, match=r"no column named “x”.*“c0”.*and 8 more"):
        find_target(columns, "x")


@pytest.mark.parametrize(
    ("counts", "order"),
    [
        ({"no": 5, "yes": 50}, ("no", "yes")),
        ({"True": 50, "False": 5}, ("False", "True")),
        ({"1": 50, "0": 5}, ("0", "1")),
        ({"Male": 50, "Female": 20}, ("Male", "Female")),
        ({"1": 70, "2": 30}, ("1", "2")),
        ({"10": 1, "9": 1, "1": 1}, ("1", "9", "10")),
        ({"b": 1, "a": 1, "c": 1}, ("a", "b", "c")),
    ],
)
def test_of_two_classes_the_one_that_is_looked_for_comes_last(counts, order):
    assert order_classes(counts) == order


def table(answers: list, kind: str = "category", **facts) -> tuple[pd.DataFrame, list[Column]]:
    values = pd.Series(answers, dtype="category" if kind == "category" else None)
    frame = pd.DataFrame({"x": range(len(answers)), "y": values})
    counted = {"distinct": int(values.nunique()), **facts}
    return frame, [Column("x", "number"), Column("y", kind, **counted)]


def test_rows_without_an_answer_take_no_part():
    task = make_learning_task(*table(["a", "b", None] * 20), "y")
    assert task.rows == 40
    assert "20 rows have no value" in task.warnings[0]


def test_a_class_too_rare_for_the_folds_takes_no_part():
    task = make_learning_task(*table(["a"] * 50 + ["b"] * 50 + ["c"] * 3), "y")
    assert task.classes == ("a", "b")
    assert task.kind == "binary"
    assert "“c”" in task.warnings[0]
    assert "3 rows" in task.warnings[0]


def test_a_class_with_fewer_rows_than_folds_stays_and_is_said():
    task = make_learning_task(*table(["a"] * 50 + ["b"] * 50 + ["c"] * 6), "y")
    assert task.classes == ("a", "b", "c")
    assert task.folds == 5
    assert "“c” of “y” have so few rows that some folds test without them" in task.warnings[0]
    experiment = make_experiment(task, make_plan(task.columns)[0], 0)
    assert all(set(experiment.truth[train]) == {0, 1, 2} for train, _ in experiment.folds)


def test_a_small_second_class_gets_fewer_folds():
    task = make_learning_task(*table(["a"] * 50 + ["b"] * 4), "y")
    assert task.folds == 3
    assert "3 folds are used instead of 5" in task.warnings[0]


def test_a_second_class_of_one_row_is_refused():
    with pytest.raises(TargetError, match="Nearly every row has the value “a”"):
        make_learning_task(*table(["a"] * 50 + ["b"]), "y")


@pytest.mark.parametrize("rows", [3, 19])
def test_too_few_rows_are_refused(rows):
    with pytest.raises(TargetError, match=f"Only {rows} rows"):
        make_learning_task(*table((["a", "b"] * 10)[:rows]), "y")


def test_a_target_that_is_empty_all_the_way_is_refused():
    frame, columns = table(["a"] * 30)
    frame["y"] = pd.Series([None] * 30, dtype="category")
    with pytest.raises(TargetError, match="no value in any row"):
        make_learning_task(frame, columns, "y")


def test_codes_stay_numbers():
    frame, columns = table([1, 2] * 20, "number", integer=True, low=1.0, high=2.0)
    task = make_learning_task(frame, columns, "y")
    assert task.answers.dtype.kind == "i"
    assert task.classes == ("1", "2")
