"""Awkward files, each read right after at most one choice, or refused with line and remedy."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.support.awkward_tables import READ, REFUSED
from training.reading.reader import Table, read
from training.tables.preview import read_preview
from training.tables.schema import Preview, ReadingError
from training.unpacking.unpack import Limits, unpack

KINDS = {"n": "number", "c": "category", "t": "text", "d": "date", "b": "boolean"}


def take(folder: Path, data: bytes, told: dict) -> tuple[Preview, Table]:
    """Read a file as an upload and then a training do."""
    path = folder / "table"
    path.write_bytes(data)
    unpack(path, Limits(1024, 4096, 1024))
    seen = read_preview(path, told)
    return seen, read(path, seen.dialect, seen.columns)


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_file_is_refused_with_place_and_remedy(tmp_path, case):
    data, told, said = REFUSED[case]
    with pytest.raises(ReadingError, match=said) as refused:
        take(tmp_path, data, told)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert sentence.count(". ") >= 1, "a cause and a remedy"


@pytest.mark.parametrize("case", READ)
def test_an_awkward_file_is_read_right(tmp_path, case):
    data, told, names, kinds, (row, name, value), said = READ[case]
    seen, table = take(tmp_path, data, told)
    wanted = names.split("|") if "|" in names else names.split()
    assert [column.name for column in table.columns] == wanted
    assert [column.kind for column in table.columns] == [KINDS[letter] for letter in kinds]
    found = table.frame[name].iloc[row]
    assert found == (pytest.approx(value) if isinstance(value, float) else value)
    sentences = [*seen.warnings, *table.warnings]
    assert any(re.search(said, sentence) for sentence in sentences) if said else True
    assert all(re.search(r"[.)]$", sentence) for sentence in sentences)
    for before, after in zip(seen.columns, table.columns, strict=True):
        assert before.kind == after.kind, "the preview shows what is trained on"
        if pd.api.types.is_numeric_dtype(table.frame[after.name]):
            assert int(table.frame[after.name].isna().sum()) == after.missing or case == "infinity"
