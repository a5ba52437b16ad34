"""A process of its own that turns a workbook or a Parquet file into CSV, within limits.

Run as `python -m training.tables.convert SOURCE TARGET SHEET BLANK MEMORY_MB FILE_MB`; BLANK is
"keep" if blank rows between others are rows. Prints one JSON object: the sheets, the chosen one and
a sentence about cells that were left out or filled, or the sentence of an error. Nothing else
imports this module: what it loads is too large for a web process, and hostile files may make it
fail in any way.
"""

from __future__ import annotations

import csv
import errno
import html
import json
import os
import re
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
POLITE = 10  # nice: pages come first
_CPU_SECONDS = 300
_ZIP_RATIO = 8  # XML is that much longer than the CSV of the same table
_BATCH = 8192
_AS_WHOLE = 1e15
_FAR = 20  # blank rows or columns behind which a cell is no part of the table
_MOST_MERGED = 10_000
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
        said = _write(workbook.get_sheet_by_name(chosen), target, keeps_blank)
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
        raise ReadingError("The workbook has no sheet with cells. Send one that has a table.")
    for name in sheets:
        found = workbook.get_sheet_by_name(name)
        if found.height > 1 and found.width > 1:
            return name
    return sheets[0]


def _write(sheet: Any, target: Path, keeps_blank: bool) -> str:
    """Write the rows of a sheet without what is no part of its table; returns what was done."""
    merged = _merged(sheet)
    used, counts = _extent(sheet, merged)
    last, notes = _without_notes(counts)
    columns, stray = _without_stray(used)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(_filled(sheet, merged)):
            if number > last:
                break
            if keeps_blank or counts.get(number):
                writer.writerow([row[place] if place < len(row) else "" for place in columns])
    return " ".join(filter(None, (_said_merged(merged), notes, stray)))


def _merged(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Return each cell of merged ones -> the first of them, whose value it has."""
    found = {}
    top, left = sheet.start or (0, 0)
    for (first, start), (final, end) in sheet.merged_cell_ranges or ():
        if (final - first + 1) * (end - start + 1) > _MOST_MERGED:
            continue
        for row in range(first, final + 1):
            for place in range(start, end + 1):
                found[row - top, place - left] = (first - top, start - left)
    return found


def _said_merged(merged: dict[tuple[int, int], tuple[int, int]]) -> str:
    inner = sum(1 for cell, first in merged.items() if cell != first)
    return f"{inner:,} merged cells have the value of the first of them." if inner else ""


def _filled(sheet: Any, merged: dict[tuple[int, int], tuple[int, int]]) -> Iterator[list[str]]:
    """Yield the rows as text, merged cells with the value of the first of them."""
    kept: dict[tuple[int, int], str] = {}
    firsts, by_row = set(merged.values()), dict[int, list[tuple[int, tuple[int, int]]]]()
    for (row, place), first in merged.items():
        by_row.setdefault(row, []).append((place, first))
    for number, values in enumerate(sheet.iter_rows()):
        texts = _texts(values)
        for place, first in sorted(by_row.get(number, ())):
            if place < len(texts):
                if (number, place) in firsts:
                    kept[first] = texts[place]
                texts[place] = kept.get(first, "")
        yield texts


def _extent(
    sheet: Any, merged: dict[tuple[int, int], tuple[int, int]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return place of a column -> its filled cells, and number of a row -> its filled cells."""
    used: dict[int, int] = {}
    counts: dict[int, int] = {}
    for number, row in enumerate(_filled(sheet, merged)):
        filled = [place for place, cell in enumerate(row) if cell]
        if filled:
            counts[number] = len(filled)
        for place in filled:
            used[place] = used.get(place, 0) + 1
    if not used:
        raise ReadingError(f"The sheet “{shown(sheet.name)}” is empty. Choose another sheet.")
    return used, counts


def _without_notes(counts: dict[int, int]) -> tuple[int, str]:
    """Return the last row of the table, and a sentence about notes that stand below it.

    Notes are rows of one cell behind a blank row, or anything far below the others.
    """
    numbers = sorted(counts)
    end = len(numbers)
    while end > 2 and counts[numbers[end - 1]] == 1 and max(counts.values()) > 1:
        end -= 1
    far = next((n for n in range(1, end) if numbers[n] - numbers[n - 1] > _FAR), end)
    gap = end < len(numbers) and numbers[end] - numbers[end - 1] > 1
    kept = min(far, end if gap else len(numbers))
    if kept == len(numbers):
        return numbers[-1], ""
    left = len(numbers) - kept
    what = "row" if left == 1 else f"{left} rows"
    return numbers[kept - 1], f"The last {what} of the sheet, below a gap, was taken as a note."


def _without_stray(used: dict[int, int]) -> tuple[list[int], str]:
    """Return the columns of the table, and a sentence about cells far beside it."""
    places = sorted(used)
    far = next((n for n in range(1, len(places)) if places[n] - places[n - 1] > _FAR), None)
    if far is None:
        return places, ""
    left = sum(used[place] for place in places[far:])
    what = "One cell" if left == 1 else f"{left:,} cells"
    return places[:far], f"{what} far to the right of the table, behind empty columns, left out."


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
        return _clock(value)
    return str(value)


def _clock(value: timedelta) -> str:
    """Return a duration as 27:03:05, as spreadsheets show it."""
    seconds = value.total_seconds()
    whole = int(abs(seconds))
    rest = f"{abs(seconds) - whole:.6f}".strip("0").rstrip(".")
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}{rest}"


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
