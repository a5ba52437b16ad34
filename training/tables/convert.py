"""A process of its own that turns a workbook or a Parquet file into CSV, within limits.

Run as `python -m training.tables.convert SOURCE TARGET SHEET MEMORY_MB FILE_MB`. Prints one JSON
object: the sheets and the chosen one, or the sentence of an error. Nothing else imports this
module: what it loads is too large for a web process, and hostile files may make it fail in any way.
"""

from __future__ import annotations

import csv
import errno
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from arro3.core import DataType
from arro3.io import read_ipc, read_parquet, write_csv
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
    load_workbook,
)

from jobsite.jobs.processes import lower_limit
from training.tables.schema import ReadingError
from training.text import listed, shown

ARROW = {b"PAR1": ("Parquet", read_parquet), b"ARRO": ("Arrow", read_ipc)}
_MEBI = 2**20
_CPU_SECONDS = 300
_ZIP_RATIO = 8  # XML is that much longer than the CSV of the same table
_BATCH = 8192
_AS_WHOLE = 1e15


def convert(source: Path, target: Path, sheet: str) -> dict[str, Any]:
    """Write the table as CSV; returns `sheets` and `sheet`. Raises ReadingError."""
    with source.open("rb") as file:
        magic = file.read(4)
    if magic in ARROW:
        _convert_arrow(source, target, *ARROW[magic])
        return {"sheets": [], "sheet": ""}
    return _convert_workbook(source, target, sheet)


def _convert_arrow(source: Path, target: Path, name: str, read: Any) -> None:
    try:
        batches = read(source, batch_size=_BATCH) if read is read_parquet else read(source)
    except BaseException as error:  # a panic of Rust is no Exception
        raise ReadingError(
            f"The {name} file is broken or ends too early. Write it again, or send the table as "
            "CSV."
        ) from error
    schema = batches.schema
    nested = [name for name in schema.names if DataType.is_nested(schema.field(name).type)]
    if nested:
        raise ReadingError(
            f"{listed(nested)} holds lists or records, which no cell of a table can hold. Leave it "
            "out, or turn it into plain columns."
        )
    write_csv(batches, target)


def _convert_workbook(source: Path, target: Path, sheet: str) -> dict[str, Any]:
    try:
        workbook = load_workbook(source.open("rb"))
        sheets = [
            found.name
            for found in workbook.sheets_metadata
            if found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
        ]
        chosen = _chosen(workbook, sheets, sheet)
        rows = workbook.get_sheet_by_name(chosen)
        _write(lambda: map(_texts, rows.iter_rows()), chosen, target)
    except PasswordError as error:
        raise ReadingError(
            "The workbook is protected by a password. Save it without one, or as CSV."
        ) from error
    except (CalamineError, ZipError) as error:
        raise ReadingError(
            f"This looks like a workbook, but it cannot be read as one ({shown(str(error), 80)}). "
            "It may be broken, protected by a password, or another kind of archive. Open it in a "
            "spreadsheet and save the sheet as CSV."
        ) from error
    return {"sheets": sheets, "sheet": chosen}


def _chosen(workbook: CalamineWorkbook, sheets: list[str], wanted: str) -> str:
    """Return the sheet asked for, else the first that looks like a table."""
    if wanted in sheets:
        return wanted
    if wanted:
        raise ReadingError(
            f"The workbook has no sheet named “{shown(wanted)}”. It has {listed(sheets, 10)}; "
            "choose one of them."
        )
    if not sheets:
        raise ReadingError("The workbook has no sheet with cells. Send one that has a table.")
    for name in sheets:
        found = workbook.get_sheet_by_name(name)
        if found.height > 1 and found.width > 1:
            return name
    return sheets[0]


def _write(rows: Any, sheet: str, target: Path) -> None:
    """Write the rows that are not blank, without the columns that are blank in all of them."""
    used: set[int] = set()
    for row in rows():
        used.update(place for place, cell in enumerate(row) if cell)
    if not used:
        raise ReadingError(f"The sheet “{shown(sheet)}” is empty. Choose another sheet.")
    kept = sorted(used)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(cells for cells in _picked(rows(), kept) if any(cells))


def _picked(rows: Iterator[list[str]], kept: list[int]) -> Iterator[list[str]]:
    for row in rows:
        yield [row[place] if place < len(row) else "" for place in kept]


def _texts(row: list[Any]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: Any) -> str:
    """Return a cell as a table of text spells it: whole numbers without a point, dates as ISO."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _AS_WHOLE
        return str(int(value)) if whole else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    return str(value)


def _refuse_bomb(source: Path, file_mb: int) -> None:
    """Look at what an archive says of its sizes before anything is unpacked."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _ZIP_RATIO * file_mb * _MEBI:
            raise OSError(errno.EFBIG, "unpacks to too much")


def answer(arguments: list[str]) -> dict[str, Any]:
    """Carry out one conversion; never raises."""
    source, target, sheet, memory_mb, file_mb = arguments
    lower_limit(resource.RLIMIT_AS, int(memory_mb) * _MEBI)
    lower_limit(resource.RLIMIT_CPU, _CPU_SECONDS)
    lower_limit(resource.RLIMIT_FSIZE, int(file_mb) * _MEBI)
    try:
        _refuse_bomb(Path(source), int(file_mb))
        return convert(Path(source), Path(target), sheet)
    except ReadingError as error:
        return {"error": str(error)}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {"too_large": True}
        return {"error": f"The file could not be unpacked ({error.strerror}). Try again later."}


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1:])))  # noqa: T201 (this is the answer)
