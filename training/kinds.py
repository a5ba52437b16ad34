"""From the raw cells of a column to its kind: the text decides, nothing is converted early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from training.table import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    ID,
    MISSING_WORDS,
    NUMBER,
    TEXT,
    Column,
    Dialect,
)

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
_CODE = re.compile(r"[+-]?0\d|[+-]?\d{16,}$")
_BOOLEANS = tuple(map(frozenset, ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})))
_ID_NAME = re.compile(r"(^|[^a-z])(id|uuid|guid|key|index|row)$|(?<=[a-z])(Id|ID)$", re.IGNORECASE)
_ENOUGH_FOR_ID = 20
_LONG_TEXT = 50


@lru_cache(maxsize=32)
def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = r"\d+"
    if thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    point = re.escape(decimal)
    power = r"(?:[eE][+-]?\d+)?"
    return re.compile(
        rf"[+-]?(?:{whole}(?:{point}\d*)?{power}|{point}\d+{power}|inf(?:inity)?)", re.IGNORECASE
    )


def is_missing(text: str) -> bool:
    """True for a cell that says that there is no value."""
    return text.strip() in MISSING_WORDS


def parse_number(text: str, decimal: str = ".", thousands: str = "") -> float | None:
    """Return the number that a stripped cell spells, or None. 007 spells a code, not seven."""
    if not _number_pattern(decimal, thousands).fullmatch(text) or _CODE.match(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    return float(text.replace(decimal, "."))


def find_date_format(values: Iterable[str]) -> str:
    """Return the one format that all these cells follow as dates, or nothing."""
    cells = list(values)
    if cells and all(_is_iso(cell) for cell in cells):
        return ISO
    if not all(any(map(str.isdigit, cell)) and len(cell) <= 30 for cell in cells):
        return ""
    for date_format in DATE_FORMATS:
        if all(_follows(cell, date_format) for cell in cells):
            return date_format
    return ""


def date_fits(cell: str, date_format: str) -> bool:
    """True where a cell is a date in this format."""
    return _is_iso(cell) if date_format == ISO else _follows(cell, date_format)


def is_ambiguous_date(values: Iterable[str], date_format: str) -> bool:
    """True where the day and the month could be exchanged in every cell."""
    if not date_format.startswith(("%d/%m", "%d-%m")):
        return False
    swapped = date_format.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return all(_follows(cell, swapped) for cell in values)


def infer(name: str, counts: Mapping[str, int], dialect: Dialect, ordered: list[str]) -> Column:
    """Return the column that these cells make up: `counts` per raw cell, `ordered` as they came."""
    missing = sum(count for cell, count in counts.items() if is_missing(cell))
    present: dict[str, int] = {}
    for cell, count in counts.items():
        if not is_missing(cell):
            present[cell.strip()] = present.get(cell.strip(), 0) + count
    examples = tuple(list(present)[:5])
    facts = {"missing": missing, "distinct": len(present), "examples": examples}
    if not present:
        return Column(name, TEXT, hints=(EMPTY,), **facts)  # type: ignore[arg-type]
    filled = sum(present.values())
    kind, details = _kind(present, filled, dialect)
    hints: tuple[str, ...] = ()
    if len(present) == 1:
        hints = (CONSTANT,) if filled >= 2 and not missing else ()
    elif len(present) == filled >= _ENOUGH_FOR_ID and not missing:
        hints = (ID,) if _is_id(name, kind, present, details, ordered) else ()
    return Column(name, kind, hints=hints, **facts, **details)  # type: ignore[arg-type]


def _kind(
    present: Mapping[str, int], filled: int, dialect: Dialect
) -> tuple[str, dict[str, object]]:
    numbers = numbers_of(present, dialect)
    if numbers is not None:
        finite = [number for number in numbers if abs(number) != float("inf")] or [0.0]
        plain = not (dialect.thousands and any(dialect.thousands in cell for cell in present))
        integer = all(number.is_integer() for number in finite)
        details: dict[str, object] = {
            "integer": integer,
            "low": min(finite),
            "high": max(finite),
            "plain": plain,
        }
        return NUMBER, details
    if frozenset(map(str.lower, present)) <= _boolean_words(present):
        return BOOLEAN, {}
    date_format = find_date_format(present)
    if date_format:
        return DATE, {"date_format": date_format}
    return (TEXT if _is_text(present, filled) else CATEGORY), {}


def numbers_of(present: Iterable[str], dialect: Dialect) -> list[float] | None:
    """Return the numbers that the cells spell, or None where one of them spells none."""
    numbers = []
    for cell in present:
        number = parse_number(cell, dialect.decimal, dialect.thousands)
        if number is None:
            return None
        numbers.append(number)
    return numbers


def number_share(counts: Mapping[str, int], dialect: Dialect) -> float:
    """Return the share of the filled cells that spell a number."""
    filled = good = 0
    for cell, count in counts.items():
        if not is_missing(cell):
            filled += count
            if parse_number(cell.strip(), dialect.decimal, dialect.thousands) is not None:
                good += count
    return good / filled if filled else 0.0


def _boolean_words(present: Mapping[str, int]) -> frozenset[str]:
    words = frozenset(map(str.lower, present))
    return next((pair for pair in _BOOLEANS if words <= pair), frozenset())


def _is_text(present: Mapping[str, int], filled: int) -> bool:
    length = sum(len(cell) * count for cell, count in present.items()) / filled
    words = sum(len(cell.split()) * count for cell, count in present.items()) / filled
    many = len(present) > 0.5 * filled and len(present) > 20
    return (many and words >= 2) or length > _LONG_TEXT


def _is_id(
    name: str, kind: str, present: Mapping[str, int], details: dict, ordered: list[str]
) -> bool:
    if kind in (CATEGORY, TEXT):
        return all(" " not in cell for cell in present)
    if kind != NUMBER or not details["integer"]:
        return False
    if _ID_NAME.search(name):
        return True
    numbers = [float(cell) for cell in ordered[:1000] if cell.strip().isdigit()]
    return len(numbers) > 1 and all(b - a == 1 for a, b in pairwise(numbers))


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
