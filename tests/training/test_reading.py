"""Whole tables: kinds are checked over all rows, and nothing is misread in silence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.training_tables import REAL, real_table
from training.reading.reader import Table, read
from training.tables.preview import HEAD_BYTES, preview
from training.tables.schema import ReadingError


def read_bytes(folder: Path, data: bytes, **told) -> Table:
    path = folder / "table.csv"
    path.write_bytes(data)
    return read_file(path, **told)


def read_file(path: Path, **told) -> Table:
    with path.open("rb") as file:
        seen = preview(file.read(HEAD_BYTES), path.stat().st_size, told)
    return read(path, seen.dialect, seen.columns)


def long_table(rows: int, first: str, later: str, at: int) -> bytes:
    """A table past the head, in which one column changes at a row."""
    lines = ["n,value,tail"]
    lines += [f"{row}.5,{first if row < at else later},{row % 7}" for row in range(rows)]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("name", REAL)
def test_real_tables_keep_all_rows_and_kinds(name):
    path = real_table(name)
    table = read_file(path)
    _, _, rows, columns = REAL[name]
    assert table.frame.shape == (rows, columns)
    assert table.warnings == ()
    for column in table.columns:
        values = table.frame[column.name]
        assert pd.api.types.is_numeric_dtype(values) == (column.kind == "number")
        assert int(values.isna().sum()) == column.missing


def test_values_are_those_of_the_file():
    frame = read_file(real_table("titanic")).frame
    assert frame["Survived"].sum() == 342
    assert frame["Age"].isna().sum() == 177
    assert frame["Name"].iloc[0] == "Braund, Mr. Owen Harris"
    assert frame["Embarked"].isna().sum() == 2


def test_dates_become_dates_and_decimal_commas_numbers(tmp_path):
    data = b"day;size\n31.01.2024;1,5\n28.02.2024;2,5\n"
    frame = read_bytes(tmp_path, data).frame
    assert frame["day"].iloc[0] == pd.Timestamp(2024, 1, 31)
    assert frame["size"].tolist() == [1.5, 2.5]


def test_thousands_are_numbers(tmp_path):
    frame = read_bytes(tmp_path, b'a,b\n"1,234.50",2\n"12,345.00",3\n').frame
    assert frame["a"].tolist() == [1234.5, 12345.0]


def test_leading_zeros_stay(tmp_path):
    frame = read_bytes(tmp_path, b"zip,b\n00501,2\n90210,3\n").frame
    assert frame["zip"].tolist() == ["00501", "90210"]


def test_the_word_none_is_a_category_and_others_are_missing(tmp_path):
    frame = read_bytes(tmp_path, b"a,b\nNone,2\nNA,3\n ?,4\nSome,5\n").frame
    assert frame["a"].tolist()[0] == "None"
    assert frame["a"].isna().tolist() == [False, True, True, False]


def test_a_zero_in_front_far_down_makes_a_column_a_code(tmp_path):
    table = read_bytes(tmp_path, long_table(40_000, "90210", "00501", 39_000))
    assert table.frame["value"].iloc[-1] == "00501"
    assert any("value" in warning and "category" in warning for warning in table.warnings)


@pytest.mark.parametrize(
    "before", ['5" pipe', '"5"" pipe"', '"a, b"', '"$1,023"', '"two\nlines"', ' "spaced"']
)
def test_a_code_far_down_is_seen_behind_any_quotation_marks(tmp_path, before):
    rows = ["n,value,tail", *(f"{before},90210,{n % 7}" for n in range(40_000))]
    data = "\n".join([*rows, f"{before},00501,1", ""]).encode()
    assert read_bytes(tmp_path, data).frame["value"].iloc[-1] == "00501"


def test_words_far_down_make_numbers_a_category_with_a_warning(tmp_path):
    table = read_bytes(tmp_path, long_table(40_000, "12", "twelve", 30_000))
    assert table.columns[1].kind == "category"
    assert table.frame["value"].iloc[0] == "12"
    assert any("value" in warning and "category" in warning for warning in table.warnings)


def test_a_few_bad_cells_far_down_are_missing_and_named(tmp_path):
    data = bytearray(long_table(40_000, "12", "13", 20_000))
    data += b"1.5,oops,3\n2.5,14,3\n"
    table = read_bytes(tmp_path, bytes(data))
    assert table.columns[1].kind == "number"
    assert table.frame["value"].isna().sum() == 1
    assert len(table.warnings) == 1
    assert "oops" in table.warnings[0]
    assert "row 40,001" in table.warnings[0]


def test_a_column_that_is_empty_in_the_head_gets_its_kind_later(tmp_path):
    table = read_bytes(tmp_path, long_table(60_000, "", "3.25", 50_000))
    assert table.columns[1].kind == "number"
    assert table.columns[1].missing == 50_000
    assert table.columns[1].hints == ("constant",) or table.columns[1].hints == ()


def test_truth_words_among_numbers_far_down_are_not_numbers(tmp_path):
    table = read_bytes(tmp_path, long_table(40_000, "1", "True", 30_000))
    assert table.columns[1].kind == "category"


def test_infinity_is_missing_with_a_warning(tmp_path):
    table = read_bytes(tmp_path, b"a,b\n1.5,2\ninf,3\n-inf,4\n")
    assert table.frame["a"].isna().sum() == 2
    assert np.isfinite(table.frame["a"].dropna()).all()
    assert "infinite" in table.warnings[0]


@pytest.mark.parametrize("tail", [b"1.5,2\n", b"1.5,2,3,4\n"])
def test_ragged_rows_far_down_are_named_by_line(tmp_path, tail):
    data = long_table(40_000, "1", "2", 20_000) + tail + b"1.5,2,3\n"
    with pytest.raises(ReadingError, match="Line 40002: the table has 3 columns"):
        read_bytes(tmp_path, data)


def test_bytes_of_another_encoding_far_down_are_named_by_line(tmp_path):
    data = long_table(40_000, "x", "y", 20_000) + "1.5,é,3\n".encode("cp1252")
    with pytest.raises(ReadingError, match="In line 40002 there are bytes that are not utf-8"):
        read_bytes(tmp_path, data)


def test_a_quote_that_never_ends_far_down_is_named(tmp_path):
    data = long_table(40_000, "x", "y", 20_000) + b'1.5,"y,3\n' * 3
    with pytest.raises(ReadingError, match=r"quotation mark|columns"):
        read_bytes(tmp_path, data)


def test_a_zip_is_never_unpacked_by_its_name(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    assert read_file(path).frame["a"].tolist() == [1, 3]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read_whole(tmp_path, encoding):
    text = "town,size\n" + "Zürich,1.5\nGenève,2.5\n" * 20_000
    table = read_bytes(tmp_path, text.encode(encoding))
    assert len(table.frame) == 40_000
    assert set(table.frame["town"].cat.categories) == {"Zürich", "Genève"}


def test_hostile_names_are_columns_like_any_other(tmp_path):
    data = b"$\\frac{$,<script>alert(1)</script>,__class__,a.b\n1.5,x,2,3\n2.5,y,3,4\n"
    frame = read_bytes(tmp_path, data).frame
    assert list(frame.columns) == ["$\\frac{$", "<script>alert(1)</script>", "__class__", "a.b"]
