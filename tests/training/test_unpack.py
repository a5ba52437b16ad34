"""Tables packed with gzip, in workbooks, in Parquet."""

import gzip
import hashlib
import io
import zipfile

import pytest

from tests.support.training_tables import flowers
from tests.support.workbooks import DATE, parquet, workbook
from training.models.dataset import Dataset
from training.tables.preview import read_preview
from training.tables.schema import ReadingError
from training.unpacking.unpack import Limits, Unpacked, unpack

SMALL = Limits(file_mb=1, memory_mb=1024, room_mb=1024)


@pytest.mark.django_db
def test_a_packed_table_is_kept_unpacked_with_the_hash_of_what_is_kept(ann, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(flowers()))
    dataset = Dataset.copy(tmp_path / "table.csv.gz", ann, {})
    assert dataset.name == "table.csv"
    assert dataset.rows == 120
    assert dataset.path.read_bytes() == flowers()
    assert dataset.sha256 == hashlib.sha256(flowers()).hexdigest()
    assert dataset.size == len(flowers())


BROKEN = {
    "a bomb": (gzip.compress(bytes(3 * 2**20)), "larger than 1 MB"),
    "cut off": (gzip.compress(flowers())[:-20], "broken or ends too early"),
    "no gzip behind the first bytes": (b"\x1f\x8b" + b"x" * 50, "broken or ends too early"),
    "damaged": (gzip.compress(b"a,b\n1,2\n")[:12] + b"\xff" * 20, "broken or ends too early"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_bad_packing_is_refused_and_leaves_nothing(tmp_path, case):
    data, said = BROKEN[case]
    (tmp_path / "table").write_bytes(data)
    with pytest.raises(ReadingError, match=said):
        unpack(tmp_path / "table", SMALL)
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == {"table"}


def test_another_file_is_left_alone(tmp_path):
    (tmp_path / "table").write_bytes(flowers())
    assert not unpack(tmp_path / "table", SMALL).changed
    assert (tmp_path / "table").read_bytes() == flowers()


HEAD = ["n", "size", "day", "paid", "code", ""]
ROWS = [[n, n / 4, (DATE, 45_000 + n), n % 2 == 0, f"0{n}", ""] for n in range(1, 41)]
BOOK = {"Notes": [["see the next sheet"]], "Data": [HEAD, *ROWS], "Other": [["a", "b"], [1, 2]]}


def test_the_first_sheet_that_looks_like_a_table_is_read(tmp_path):
    path = tmp_path / "book"
    path.write_bytes(workbook(BOOK))
    found = unpack(path, SMALL, original=tmp_path / "kept")
    assert found == Unpacked(True, ("Notes", "Data", "Other"), "Data")
    assert path.read_text().splitlines()[:3] == [
        "n,size,day,paid,code",
        "1,0.25,2023-03-16,false,01",
        "2,0.5,2023-03-17,true,02",
    ]
    assert (tmp_path / "kept").read_bytes() == workbook(BOOK)
    seen = read_preview(path)
    assert [c.kind for c in seen.columns] == ["number", "number", "date", "boolean", "category"]


def test_a_sheet_can_be_named_and_one_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "book"
    path.write_bytes(workbook(BOOK))
    with pytest.raises(ReadingError, match=r"no sheet named “Datum”\. It has “Notes”, “Data” and"):
        unpack(path, SMALL, "Datum")
    unpack(path, SMALL, "Other")
    assert path.read_text() == "a,b\n1,2\n"


def test_a_parquet_file_becomes_text_with_all_its_values(tmp_path):
    path = tmp_path / "table"
    path.write_bytes(parquet())
    assert unpack(path, SMALL).changed
    assert path.read_text().splitlines()[:4] == [
        "n,size,day,word,good",
        "0,0.0,1970-01-01,red,true",
        '1,0.25,1970-01-02,"a ""b"", c",false',
        "2,0.5,1970-01-03,,true",
    ]


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50 * 2**20))
    return made.getvalue()


def archive_of_a_table() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("table.csv", "a,b\n1,2\n")
    return made.getvalue()


HOPELESS = {
    "a workbook cut off": (workbook(BOOK)[:-300], "cannot be read as one"),
    "an old workbook that is none": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "password"),
    "a zip of a table": (archive_of_a_table(), "another kind of archive"),
    "a bomb": (bomb(), "larger than 1 MB"),
    "a sheet without cells": (workbook({"A": []}), "is empty"),
    "a table that grows too long": (
        workbook({"A": [["x" * 100, "y"]] * 20_000}),
        "larger than 1 MB",
    ),
    "a parquet file cut off": (parquet()[:-50], "Parquet file is broken"),
    "lists in parquet": (parquet(nested=True), "“tags” holds lists"),
    "a parquet file that is none": (b"PAR1" + bytes(100) + b"PAR1", "Parquet file is broken"),
}


@pytest.mark.parametrize("case", HOPELESS)
def test_a_bad_workbook_is_refused_and_left_as_it_was(tmp_path, case):
    data, said = HOPELESS[case]
    (tmp_path / "table").write_bytes(data)
    with pytest.raises(ReadingError, match=said):
        unpack(tmp_path / "table", SMALL, original=tmp_path / "kept")
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == {"table"}
    assert (tmp_path / "table").read_bytes() == data


def test_a_workbook_that_needs_too_much_memory_is_refused(tmp_path):
    (tmp_path / "table").write_bytes(workbook({"A": [[n, "x" * 40] for n in range(60_000)]}))
    with pytest.raises(ReadingError, match="more memory"):
        unpack(tmp_path / "table", Limits(file_mb=100, memory_mb=64, room_mb=1024))


def test_a_disk_without_room_for_the_table_is_named(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 2**19))
    before = path.read_bytes()
    with pytest.raises(ReadingError, match="1 MB for which the disk of this site has room"):
        unpack(path, Limits(file_mb=100, memory_mb=1024, room_mb=1))
    assert path.read_bytes() == before
