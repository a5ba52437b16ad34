"""What the head of a file shows, and which files are refused with which sentence."""

import json
import subprocess
import sys

import pytest

from tests.support.training_tables import REAL, flowers, real_table
from training.tables.preview import HEAD_BYTES, preview
from training.tables.schema import Preview, ReadingError


def look(data: bytes, **told) -> Preview:
    return preview(data[:HEAD_BYTES], len(data), told)


def kinds(found: Preview) -> list[str]:
    return [column.kind for column in found.columns]


def names(found: Preview) -> list[str]:
    return [column.name for column in found.columns]


REFUSED = {
    "nothing": (b"", "file is empty"),
    "blank lines": (b"\n\n   \n", "file is empty"),
    "only a mark": (b"\xef\xbb\xbf", "file is empty"),
    "header alone": (b"a,b,c\n", "no rows"),
    "header alone without an end": (b"name,size", "no rows"),
    "one column": (b"a\n1\n2\n3\n", "Only one column"),
    "prose": (b"This is a letter.\nIt has lines.\nBut no cells.\n", "Only one column"),
    "bzip2": (b"BZh91AY&SY" + b"\x01" * 40, "bzip2 archive"),
    "xz": (b"\xfd7zXZ\x00\x00" + b"\x01" * 40, "xz archive"),
    "sqlite": (b"SQLite format 3\x00" + bytes(40), "SQLite"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
    "program": (b"\x7fELF\x02\x01\x01", "program"),
    "pickle": (b"\x80\x04\x95\x10\x00\x00\x00", "pickle"),
    "other binary": (b"a,b\n1,\x00\x002\n", "binary data"),
    "web page": (b"<!DOCTYPE html>\n<html><body>a,b</body></html>", "web page"),
    "xml": (b"<?xml version='1.0'?>\n<a>1,2</a>\n", "XML"),
    "json": (b'[{"a": 1, "b": 2}, {"a": 2, "b": 3}]', "JSON"),
    "long row": (b"a,b,c\n1,2,3\n4,5,6,7\n8,9,1\n" + b"1,2,3\n" * 20, "Line 3"),
    "short row": (b"a,b,c\n1,2,3\n4,5\n" + b"1,2,3\n" * 20, "Line 3"),
    "unclosed quote": (b'a,b\n1,"2\n' + b"3,4\n" * 40_000, "quotation mark"),
    "two widths": (b"a,b,c\n" + b"1,2,3\n" * 30 + b"1,2\n" + b"1,2,3\n" * 30, "Line 32"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_with_cause_and_remedy(case):
    data, said = REFUSED[case]
    with pytest.raises(ReadingError) as refused:
        look(data)
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert sentence.count(".") >= 2, "a cause and a remedy"


BODY = "\n".join(f"{row},{row * 1.5},x{row % 3}" for row in range(30)) + "\n"
CELLS = [line.split(",") for line in ("a,b,c\n" + BODY).split()]
QUOTED = "".join('"' + '","'.join(row) + '"\n' for row in CELLS)
SEPARATED = {
    "comma": ("a,b,c\n" + BODY, ","),
    "semicolon": (("a,b,c\n" + BODY).replace(",", ";"), ";"),
    "tab": (("a,b,c\n" + BODY).replace(",", "\t"), "\t"),
    "bar": (("a,b,c\n" + BODY).replace(",", "|"), "|"),
    "carriage returns": (("a,b,c\n" + BODY).replace("\n", "\r"), ","),
    "windows line ends": (("a,b,c\n" + BODY).replace("\n", "\r\n"), ","),
    "no last line end": (("a,b,c\n" + BODY).rstrip("\n"), ","),
    "excel hint": ("sep=;\n" + ("a,b,c\n" + BODY).replace(",", ";"), ";"),
    "blank first lines": ("\n\na,b,c\n" + BODY, ","),
    "all quoted": (QUOTED, ","),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_separators_and_line_ends_are_found(case):
    text, separator = SEPARATED[case]
    found = look(text.encode())
    assert found.dialect.separator == separator
    assert names(found) == ["a", "b", "c"]
    assert kinds(found) == ["number", "number", "category"]
    assert found.sampled == 30


ENCODED = {
    "utf-8": ("utf-8", "utf-8"),
    "utf-8 with mark": ("utf-8-sig", "utf-8-sig"),
    "utf-16 with mark": ("utf-16", "utf-16"),
    "utf-16 without mark": ("utf-16-le", "utf-16-le"),
    "utf-16 big end first": ("utf-16-be", "utf-16-be"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_encodings_that_can_be_known_are_known(case):
    written, found = ENCODED[case]
    text = "town,size\n" + "Zürich,1\nGenève,2\nBasel,3\n" * 20
    seen = look(text.encode(written))
    assert seen.dialect.encoding == found
    assert not seen.dialect.encoding_guessed
    assert names(seen) == ["town", "size"]
    assert seen.rows[0] == ("Zürich", "1")


def test_another_encoding_is_a_guess_with_a_warning_and_can_be_told():
    data = ("town,size\n" + "Zürich,1\nGenève,2\nBasel,3\n" * 20).encode("cp1252")
    seen = look(data)
    assert seen.dialect.encoding == "cp1252"
    assert seen.dialect.encoding_guessed
    assert any("guess" in warning for warning in seen.warnings)
    assert seen.rows[0] == ("Zürich", "1")
    told = look(data, encoding="cp1250")
    assert told.dialect.encoding == "cp1250"
    assert not told.dialect.encoding_guessed


def test_a_wrong_encoding_that_was_told_is_refused_by_line():
    data = "town,size\nBasel,3\nZürich,1\n".encode("cp1252")
    with pytest.raises(ReadingError, match=r"Line 3 is not utf-8 text"):
        look(data, encoding="utf-8")
    with pytest.raises(ReadingError, match="no encoding named"):
        look(data, encoding="klingon")


def test_cyrillic_is_not_taken_for_latin():
    data = ("город,размер\n" + "Москва,1\nКазань,2\nТверь,3\n" * 30).encode("cp1251")
    assert look(data).rows[0] == ("Москва", "1")


NUMBERS = {
    "points": ("a;b\n1.5;2\n2.5;3\n", ".", "", "number"),
    "decimal commas": ("a;b\n1,5;2\n2,25;3\n", ",", "", "number"),
    "thousands": ('a,b\n"1,234.50",2\n"12,345.00",3\n', ".", ",", "number"),
    "european thousands": ("a;b\n1.234,50;2\n12.345,00;3\n", ",", ".", "number"),
    "apostrophes": ("a,b\n1'234,2\n2'500'000,3\n", ".", "'", "number"),
    "powers": ("a,b\n1e5,2\n2.5E-3,3\n", ".", "", "number"),
    "signs": ("a,b\n-1,2\n+2.5,3\n", ".", "", "number"),
    "bare points": ("a,b\n.5,2\n3.,3\n", ".", "", "number"),
    "postcodes": ("a,b\n00501,2\n90210,3\n", ".", "", "category"),
    "long numbers": ("a,b\n1234567890123456789,2\n1234567890123456780,3\n", ".", "", "number"),
    "a unit": ("a,b\n5 kg,2\n6 kg,3\n", ".", "", "number"),
    "two units": ("a,b\n5 kg,2\n6 m,3\n", ".", "", "category"),
    "two units of a weight": ("a,b\n5 kg,2\n6 lb,3\n", ".", "", "number"),
    "a unit here and there": ("a,b\n5 kg,2\n6,3\n", ".", "", "category"),
    "streets": ("a,b\n5 Main Street,2\n6 High Street,3\n", ".", "", "category"),
    "hours before noon": ("a,b\n5 AM,2\n6 AM,3\n", ".", "", "category"),
    "the word None": ("a,b\nNone,2\nOne,3\n", ".", "", "category"),
    "yes and no": ("a,b\nyes,2\nNo,3\n", ".", "", "boolean"),
    "days": ("a,b\n2024-01-31,2\n2024-02-28,3\n", ".", "", "date"),
    "moments": ("a,b\n2024-01-31T10:00:00Z,2\n2024-02-28T10:00:00Z,3\n", ".", "", "date"),
    "german days": ("a,b\n31.01.2024,2\n28.02.2024,3\n", ".", "", "date"),
    "american days": ("a,b\n01/31/2024,2\n02/28/2024,3\n", ".", "", "date"),
    "no such day": ("a,b\n2024-02-31,2\n2024-02-28,3\n", ".", "", "category"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_a_kind_follows_from_the_raw_text(case):
    text, decimal, thousands, kind = NUMBERS[case]
    found = look(text.encode())
    assert (found.dialect.decimal, found.dialect.thousands) == (decimal, thousands)
    assert kinds(found) == [kind, "number"]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "?", "null", "NaN", "   ", "nan", "#N/A"])
def test_words_for_nothing_are_missing(word):
    found = look(f"a,b\n1,2\n{word},3\n4,5\n".encode())
    assert found.columns[0].kind == "number"
    assert found.columns[0].missing == 1


def test_days_that_can_be_read_both_ways_are_warned_of():
    found = look(b"a,b\n01/02/2024,2\n03/04/2024,3\n")
    assert any("day and month" in warning for warning in found.warnings)


def test_numbers_with_a_few_other_words_are_pointed_out():
    found = look(("a,b\n" + "".join(f"{n},1.5\n" for n in range(40)) + "n/k,2.5\n").encode())
    assert found.columns[0].kind != "number"
    assert any("n/k" in warning for warning in found.warnings)


def test_a_file_without_names_is_numbered():
    found = look(b"A11,6,1.5\nA12,48,2.5\nA11,12,3.5\nA14,7,1.0\n")
    assert not found.dialect.header
    assert names(found) == ["column 1", "column 2", "column 3"]
    assert found.sampled == 4
    told = look(b"A11,6,1.5\nA12,48,2.5\nA11,12,3.5\n", header=True)
    assert names(told) == ["A11", "6", "1.5"]


def test_years_may_be_names():
    found = look(b"town,2019,2020\nAyr,1.5,2.5\nBonn,3.5,1.5\n")
    assert found.dialect.header
    assert names(found) == ["town", "2019", "2020"]


def test_odd_names_become_usable_and_are_reported():
    found = look("x,,x,x\n1,2,3,4\n5,6,7,8\n".encode("utf-8-sig"))
    assert names(found) == ["x", "column 2", "x (2)", "x (3)"]
    assert any("more than once" in warning for warning in found.warnings)
    assert any("no name" in warning for warning in found.warnings)


def test_names_with_line_ends_and_controls_are_one_line():
    found = look(b'"first\nname",b\n1,2\n3,4\n')
    assert names(found) == ["first name", "b"]


def test_names_of_rows_as_r_writes_them():
    found = look(b'"a","b"\n"1",2.5,3.5\n"2",4.5,5.5\n"3",1.5,2.5\n')
    assert names(found) == ["row", "a", "b"]


def test_a_separator_at_the_end_of_rows_is_an_empty_column():
    found = look(b"a,b\n1,2,\n3,4,\n")
    assert names(found) == ["a", "b", "column 3"]
    assert found.columns[2].hints == ("empty",)


def test_ids_and_constants_are_recognised():
    lines = ["id,code,same,value"] + [f"{n},k-{n},x,{n * n % 17}.5" for n in range(60)]
    found = look("\n".join(lines).encode())
    assert [column.hints for column in found.columns] == [("id",), ("id",), ("constant",), ()]


def test_a_number_that_differs_in_each_row_is_no_id():
    found = look(("a,b\n" + "".join(f"{n * n},{n % 3}\n" for n in range(60))).encode())
    assert found.columns[0].hints == ()


def test_only_whole_rows_of_a_long_file_are_looked_at():
    data = b"a,b\n" + b"1234,5678\n" * 100_000
    found = look(data)
    assert not found.complete
    assert found.sampled == (HEAD_BYTES - 4) // 10


def test_a_character_cut_in_two_at_the_end_of_the_head_is_no_fault():
    row = "é" * 50 + ",1\n"
    data = ("a,b\n" + row * 5000).encode()
    for extra in range(3):
        shifted = b"x" * extra + data
        assert look(shifted).dialect.encoding == "utf-8"


def test_told_separator_wins():
    found = look(b"a;b,c\n1;2,3\n4;5,6\n", separator=",")
    assert names(found) == ["a;b", "c"]


def test_a_preview_survives_json():
    found = look(flowers())
    assert Preview.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("name", REAL)
def test_real_tables_are_read_right(name):
    target, _, _, columns = REAL[name]
    found = look(real_table(name).read_bytes())
    assert len(found.columns) == columns
    assert target in names(found)


def test_blanks_in_a_column_of_numbers_are_missing():
    found = look(real_table("telco_churn").read_bytes())
    charges = next(column for column in found.columns if column.name == "TotalCharges")
    assert charges.kind == "number"
    assert charges.missing > 0


def test_the_preview_loads_nothing_heavy():
    code = (
        "import sys, training.tables.preview; "
        "print(sorted({'pandas', 'numpy', 'sklearn', 'matplotlib', 'django'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_said_of_many_columns_is_said_once():
    names = [f"c{n}" for n in range(12)]
    rows = [
        ",".join("-" if (n + row) % 5 == 0 else str(row * n) for n in range(12))
        for row in range(60)
    ]
    data = "\n".join([",".join(names), *rows]).encode()
    said = [one for one in preview(data, len(data)).warnings if "missing" in one]
    assert len(said) == 1
    assert said[0].startswith("12 columns: “-” means missing (“c0”, “c1”")
    assert "4 more" in said[0]
