"""Tables packed with gzip."""

import gzip
import hashlib

import pytest

from tests.training_tables import flowers
from training.models import Dataset
from training.table import ReadingError
from training.unpacking import unpack_in_place


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
        unpack_in_place(tmp_path / "table", 2**20)
    assert [path.name for path in tmp_path.iterdir()] == ["table"]


def test_another_file_is_left_alone(tmp_path):
    (tmp_path / "table").write_bytes(flowers())
    assert not unpack_in_place(tmp_path / "table", 10)
    assert (tmp_path / "table").read_bytes() == flowers()
