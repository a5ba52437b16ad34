"""A process of its own that turns a workbook or a Parquet file into CSV, within limits.

Run as `python -m training.unpacking.convert SOURCE TARGET SHEET BLANK MEMORY_MB FILE_MB`; BLANK is
"keep" if blank rows between others are rows. Prints one JSON object: the sheets, the chosen one and
a sentence about cells that were left out or filled, or the sentence of an error. Nothing else
imports this module: what it loads is too large for a web process, and hostile files may make it
fail in any way.
"""

from __future__ import annotations

import errno
import html
import json
import os
import re
import resource
import sys
import zipfile
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
from training.unpacking.worksheet import write_rows

ARROW = {b"PAR1": ("Parquet", read_parquet), b"ARRO": ("Arrow", read_ipc)}
_MEBI = 2**20
POLITE = 10  # nice: pages come first
_CPU_SECONDS = 300
_ZIP_RATIO = 8  # XML is that much longer than the CSV of the same table
_BATCH = 8192
# A cell with a formula and without a value; one of text may be empty.
_NO_RESULT = re.compile(
    rb'<c r="([A-Z]+\d+)"(?![^>]*t="str")[^>]*>\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*'
    rb"(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)


def convert(source: Path, target: Path, sheet: str, keeps_blank: bool) -> dict[str, Any]:
    """Write the table as CSV; returns `sheets`, `sheet` and `said`. Raises ReadingError."""
    with source.open("rb") as file:
        magic = file.read(4)
    if magic in ARROW:
        _convert_arrow(source, target, *ARROW[magic])
        return {"sheets": [], "sheet": "", "said": ""}
    return _convert_workbook(source, target, sheet, keeps_blank)


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


def _convert_workbook(source: Path, target: Path, sheet: str, keeps_blank: bool) -> dict[str, Any]:
    try:
        workbook = load_workbook(source.open("rb"))
        sheets = [
            found.name
            for found in workbook.sheets_metadata
            if found.typ == SheetTypeEnum.WorkSheet and found.visible == SheetVisibleEnum.Visible
        ]
        chosen = _chosen(workbook, sheets, sheet)
        _refuse_formulas(source, chosen)
        said = write_rows(workbook.get_sheet_by_name(chosen), target, keeps_blank)
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
    return {"sheets": sheets, "sheet": chosen, "said": said}


def _refuse_formulas(source: Path, sheet: str) -> None:
    """Refuse cells of an .xlsx whose formulas have no result: they would count as missing."""
    if not zipfile.is_zipfile(source):
        return
    with zipfile.ZipFile(source) as archive:
        path = _part_of(archive, sheet)
        text = archive.read(path) if path else b""
    if found := _NO_RESULT.search(text):
        raise ReadingError(
            f"Cell {found[1].decode()} of “{shown(sheet)}” holds a formula without a result. Open "
            "the workbook in a spreadsheet program and save it there, so that the results are in "
            "the file."
        )


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the member of an .xlsx that holds a sheet (ECMA-376, part 1, 18.2.19), or nothing."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return ""
    book, links = (
        archive.read(name).decode(errors="replace")
        for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    )
    for tag in re.findall(r"<sheet\b[^>]*>", book):
        name, key = _attribute(tag, "name"), _attribute(tag, "r:id")
        if html.unescape(name) == sheet:
            link = next(
                (
                    t
                    for t in re.findall(r"<Relationship\b[^>]*>", links)
                    if _attribute(t, "Id") == key
                ),
                "",
            )
            target = _attribute(link, "Target").lstrip("/")
            path = target if target.startswith("xl/") else f"xl/{target}"
            return path if path in names else ""
    return ""


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{re.escape(name)}\s*=\s*"([^"]*)"', tag)
    return found[1] if found else ""


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
        raise ReadingError("The workbook has no sheet with cells. Upload one that has a table.")
    for name in sheets:
        found = workbook.get_sheet_by_name(name)
        if found.height > 1 and found.width > 1:
            return name
    return sheets[0]


def _refuse_bomb(source: Path, file_mb: int) -> None:
    """Look at what an archive says of its sizes before anything is unpacked."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _ZIP_RATIO * file_mb * _MEBI:
            raise OSError(errno.EFBIG, "unpacks to too much")


def answer(arguments: list[str]) -> dict[str, Any]:
    """Carry out one conversion; never raises."""
    source, target, sheet, blank, memory_mb, file_mb = arguments
    os.nice(POLITE)
    lower_limit(resource.RLIMIT_AS, int(memory_mb) * _MEBI)
    lower_limit(resource.RLIMIT_CPU, _CPU_SECONDS)
    lower_limit(resource.RLIMIT_FSIZE, int(file_mb) * _MEBI)
    try:
        _refuse_bomb(Path(source), int(file_mb))
        return convert(Path(source), Path(target), sheet, blank == "keep")
    except ReadingError as error:
        return {"error": str(error)}
    except OSError as error:
        if error.errno == errno.EFBIG:
            return {"too_large": True}
        return {"error": f"The file could not be unpacked ({error.strerror}). Try again later."}


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1:])))  # noqa: T201 (this is the answer)
