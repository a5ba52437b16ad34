"""Kinds and roles that the owner of a table chose for its columns."""

from pathlib import Path

import pytest

from training.management.commands.train import changes_of
from training.modelling.task import make_learning_task
from training.problem.column_roles import Roles, changed
from training.problem.problem_type import TargetError
from training.reading.reader import Table, read
from training.tables.preview import HEAD_BYTES, preview
from training.tables.schema import ReadingError, with_kinds

ROWS = "".join(
    f"{n % 7:03},{n % 5 + 1}/2/2024,{n if n % 10 else 'n/k'},shop {n % 4},{n * 1.5}\n"
    for n in range(60)
)
DATA = ("code,day,amount,shop,price\n" + ROWS).encode()


def table(folder: Path, **kinds: str) -> Table:
    path = folder / "table.csv"
    path.write_bytes(DATA)
    seen = preview(DATA[:HEAD_BYTES], len(DATA))
    return read(path, seen.dialect, with_kinds(seen.columns, kinds))


def column(found: Table, name: str):
    return next(column for column in found.columns if column.name == name)


def test_a_code_that_is_called_a_number_is_read_as_one(tmp_path):
    assert column(table(tmp_path), "code").kind == "category"
    found = table(tmp_path, code="number")
    assert column(found, "code").kind == "number"
    assert found.frame["code"].tolist()[:8] == [0, 1, 2, 3, 4, 5, 6, 0]


def test_cells_that_do_not_fit_the_chosen_kind_are_counted(tmp_path):
    found = table(tmp_path, amount="number")
    assert found.frame["amount"].isna().sum() == 6
    assert any("6 of 60 cells are no numbers" in text for text in found.warnings)
    assert any("“n/k” in row 1" in text for text in found.warnings)


def test_a_number_that_is_called_a_category_is_one(tmp_path):
    found = table(tmp_path, price="category")
    assert column(found, "price").kind == "category"
    assert found.frame["price"].iloc[1] == "1.5"


def test_a_kind_that_no_cell_fits_is_refused_by_name(tmp_path):
    with pytest.raises(ReadingError, match="“shop” was chosen to hold dates"):
        table(tmp_path, shop="date")


def test_ignored_columns_and_groups_are_no_features_and_time_stays_one(tmp_path):
    found = table(tmp_path)
    roles = Roles(ignore=("code",), group="shop", time="day")
    task = make_learning_task(found.frame, found.columns, "price", roles=roles)
    assert [column.name for column in task.columns] == ["day", "amount"]
    assert task.groups.tolist()[:5] == [0, 1, 2, 3, 0]
    assert task.times[1] - task.times[0] == 86_400


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (Roles(group="price"), "cannot be the group or the time"),
        (Roles(time="shop"), "chosen as the time of the rows, but it holds category"),
        (Roles(group="day", time="day"), "cannot be the group and the time"),
        (Roles(ignore=("price",)), "marked as ignored"),
        (Roles(group="street"), "no column named “street”"),
    ],
)
def test_roles_that_cannot_be_are_refused_with_a_sentence(tmp_path, roles, said):
    found = table(tmp_path)
    with pytest.raises(TargetError, match=said):
        make_learning_task(found.frame, found.columns, "price", roles=roles)


COMMAND = {
    "use": [],
    "kind": ["code=number", "a=b=text"],
    "ignore": ["shop"],
    "group": "day",
    "time": None,
}


def test_the_command_line_says_the_same_of_columns_as_the_page():
    assert changes_of(COMMAND) == {
        "code": {"kind": "number"},
        "a=b": {"kind": "text"},
        "shop": {"role": "ignore"},
        "day": {"role": "group"},
    }
    with pytest.raises(ValueError, match="--kind takes COLUMN=KIND"):
        changes_of({**COMMAND, "kind": ["code"]})


def test_a_role_of_one_column_leaves_the_one_that_had_it():
    columns = preview(DATA[:HEAD_BYTES], len(DATA)).columns
    first = changed({}, columns, {"shop": {"role": "group"}, "day": {"role": "time"}})
    assert first == {
        "kinds": {}, "ignore": [], "target": None, "group": "shop", "time": "day",
    }  # fmt: skip
    then = changed(first, columns, {"code": {"role": "group"}, "day": {"role": "ignore"}})
    assert (then["group"], then["time"], then["ignore"]) == ("code", None, ["day"])
    kinds = changed(then, columns, {"code": {"kind": "number"}})
    assert kinds["kinds"] == {"code": "number"}
    assert changed(kinds, columns, {"code": {"kind": "category"}})["kinds"] == {}
