"""The bars of a column: how its values are spread over the first rows."""

from collections import Counter

import pytest

from training.tables.histogram import seen_column
from training.tables.schema import Column, Dialect
from training.web.column_chart import HEIGHT, WIDTH, drawn

PLAIN = Dialect()


def seen(*cells: str, dialect: Dialect = PLAIN) -> Column:
    return seen_column("x", Counter(cells), dialect, list(cells))


SPREADS = {
    "a few whole numbers have a bar each": (("2", "0", "2"), (("0", 1), ("2", 2)), 0),
    "missing cells and placeholders are no bar": (("2", "", "-", "3"), (("2", 1), ("3", 1)), 0),
    "infinite numbers are no bar": (("1.5", "inf"), (("1.5", 1),), 0),
    "the most frequent words come first": (("b", "a", "a"), (("a", 2), ("b", 1)), 0),
    "spellings of one number count together": (("1.0", "1.00", "1"), (("1", 3),), 0),
    "money counts as its number": (("$1,000", "$2", "$2"), (("2", 2), ("1,000", 1)), 0),
    "days in order": (
        ("2024-02-01", "2024-01-31"), (("2024-01-31", 1), ("2024-02-01", 1)), 0,
    ),
    "nothing": (("", "NA"), (), 0),
}  # fmt: skip


@pytest.mark.parametrize("case", SPREADS)
def test_the_values_of_a_column_are_counted(case):
    cells, bars, others = SPREADS[case]
    column = seen(*cells, dialect=Dialect(thousands="," if "$2" in cells else ""))
    assert (column.bars, column.others) == (bars, others)


def test_many_numbers_share_twelve_steps():
    column = seen(*(f"{n / 10}" for n in range(1200)))
    assert [count for _, count in column.bars] == [100] * 12
    assert column.bars[0][0] == "0 to 9.992"
    assert column.bars[-1][0].endswith(" to 119.9")


def test_numbers_of_any_size_have_steps():
    column = seen("1e308", "-1e308", "0.5", "1.5e-308")
    assert sum(count for _, count in column.bars) == 4


def test_days_of_years_share_steps():
    column = seen(*(f"{day:02}.{month:02}.2024" for month in range(1, 13) for day in (1, 15)))
    assert len(column.bars) == 12
    assert drawn(column).caption == "2024-01-01 to 2024-12-15"


def test_words_beyond_the_bars_are_counted():
    column = seen(*"aabbccddeeffgh")
    assert len(column.bars) == 6
    assert column.others == 2
    assert drawn(column).caption == "a · b · c · d · e · f"
    unique = drawn(seen(*"abcdefgh"))
    assert (unique.bars, unique.caption) == ((), "8 different")


def test_a_drawing_stays_in_its_box():
    spread = drawn(seen(*(["a"] * 1000), "b", *"ccdd"))
    assert all(bar.x + bar.width <= WIDTH and bar.y + bar.height <= HEIGHT for bar in spread.bars)
    assert min(bar.height for bar in spread.bars) >= 1
    assert spread.bars[0].height == HEIGHT


def test_a_column_comes_back_from_json_with_its_bars():
    column = seen(*"aab")
    assert Column.from_json(column.to_json()) == column
    old = {k: v for k, v in column.to_json().items() if k not in ("bars", "others")}
    assert Column.from_json(old).bars == ()
