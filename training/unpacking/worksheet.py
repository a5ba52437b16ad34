"""The rows of a sheet of a workbook as CSV, without what is no part of its table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from training.tables.schema import ReadingError
from training.text import shown

_AS_WHOLE = 1e15
_FAR = 20  # blank rows or columns behind which a cell is no part of the table
_MOST_MERGED = 10_000


def write_rows(sheet: Any, target: Path, keeps_blank: bool) -> str:
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
