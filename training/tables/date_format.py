"""Which cells are dates, and in which one format a column writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

ISO = "ISO8601"
_DAYS: tuple[str, ...] = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATE_FORMATS = tuple(day + time for day in _DAYS for time in _TIMES)
_ISO_START = re.compile(r"\d{4}-\d\d(-\d\d|$)")
_SOME = 50


def find_date_format(values: Iterable[str]) -> str:
    """Return the one format that all these cells follow as dates, or nothing."""
    cells = list(values)
    if cells and all(_is_iso(cell) for cell in cells):
        return ISO
    if not cells or not any(map(str.isdigit, cells[0])):
        return ""
    likely = [known for known in DATE_FORMATS if _follows(cells[0], known)]
    return next((known for known in likely if all(_follows(c, known) for c in cells)), "")


def date_fits(cell: str, date_format: str) -> bool:
    """True if a cell is a date in this format."""
    return _is_iso(cell) if date_format == ISO else _follows(cell, date_format)


def date_share(cells: Collection[str]) -> float:
    """Return the share of these cells that are dates, each in whatever format."""
    some = list(cells)[:_SOME]
    return sum(1 for cell in some if find_date_format([cell])) / len(some) if some else 0.0


def is_ambiguous_date(values: Iterable[str], date_format: str) -> bool:
    """True if the day and the month could be exchanged in every cell."""
    if not date_format.startswith(("%d/%m", "%d-%m")):
        return False
    swapped = date_format.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return all(_follows(cell, swapped) for cell in values)


def _is_iso(cell: str) -> bool:
    if not _ISO_START.match(cell):
        return False
    try:
        datetime.fromisoformat(cell if len(cell) > 7 else cell + "-01")
    except ValueError:
        return False
    return True


def _follows(cell: str, date_format: str) -> bool:
    try:
        datetime.strptime(cell, date_format)
    except ValueError:
        return False
    return True
