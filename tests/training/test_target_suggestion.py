"""Which column is proposed as the target, and with what reason."""

import pytest

from tests.support.training_tables import REAL, real_table
from training.problem.problem_type import TargetError, guess
from training.problem.target_suggestion import Proposal, propose
from training.tables.preview import HEAD_BYTES, preview
from training.tables.schema import Column, Preview


def look(data: bytes) -> Preview:
    return preview(data[:HEAD_BYTES], len(data))


def is_possible(column: Column, rows: int) -> bool:
    try:
        guess(column, rows)
    except TargetError:
        return False
    return True


def proposed(data: bytes) -> Proposal | None:
    seen = look(data)
    return propose(seen.columns, [c for c in seen.columns if is_possible(c, seen.sampled)])


@pytest.mark.parametrize("name", REAL)
def test_the_target_of_a_real_table_is_proposed(name):
    found = proposed(real_table(name).read_bytes())
    assert found is not None
    assert found.name == REAL[name][0]
    assert found.reason.startswith(("its name says so", "it is the last column"))


def rows(*cells: str) -> bytes:
    return "".join(f"{cell.format(n=n, odd=n % 2)}\n" for n in range(30) for cell in cells).encode()


NAMED = {
    "a name": (b"price,size,note\n" + rows("{n}.5,{n}.25,a{odd}"), "price", "its name says so"),
    "a name of several words": (
        b"loan_default,size,town\n" + rows("{odd},{n}.25,a{odd}"), "loan_default",
        "its name says so",
    ),
    "a name in capitals": (b"SalePrice,b,c\n" + rows("{n}.5,{n}.2,{n}.3"), "SalePrice",
                           "its name says so"),
    "the last": (b"a,b,c\n" + rows("{n}.5,{n}.25,{n}.75"), "c", "it is the last column"),
    "the last that is no date": (
        b"a,b,day\n" + rows("{n}.5,{odd},2024-01-{n:02}").replace(b"-00", b"-31"), "b",
        "it is the last column that can be one",
    ),
    "the first of two classes": (b"a,b,id\n" + rows("{odd},{n}.5,{n}"), "a",
                                 "it is the first column"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_a_target_is_proposed_with_its_reason(case):
    data, name, reason = NAMED[case]
    assert proposed(data) == Proposal(name, reason)


def test_no_target_is_proposed_where_no_column_can_be_one():
    assert proposed(b"day,id\n" + rows("2024-01-31,{n}")) is None
