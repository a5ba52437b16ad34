"""Dates as people and programs write them: one function decides and reads, for head and whole file.

Own code, because the kept parsers guess cell by cell: dateutil reads "10" and "a3" as dates and
turns 13/02 around in the middle of a column; pandas wants one format and reads no month names but
English ones. Here a column has one order of day and month, and a cell that does not follow is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

ISO = "ISO8601"
"""The year stands first, or a name or another mark tells the month: nothing can be exchanged."""
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
_SOME = 50
_ISO_START = re.compile(r"\d{4}-\d\d(-\d\d|$)")
_DIGIT = re.compile(r"\d")

# Months of English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan january januar jaenner janner janv janvier ene enero gen gennaio janeiro januari",
            "feb february februar fevr fevrier febrero febbraio fev fevereiro februari",
            "mar march marz maerz mrz mars marzo marco mrt maart",
            "apr april avr avril abr abril aprile",
            "may mai mayo mag maggio maio mei",
            "jun june juni juin junio giu giugno junho",
            "jul july juli juil juillet julio lug luglio julho",
            "aug august aout ago agosto augustus",
            "sep sept september septembre septiembre set settembre setembro",
            "oct october okt oktober octobre octubre ott ottobre out outubro",
            "nov november novembre noviembre novembro",
            "dec december dez dezember decembre dic diciembre dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
# Hours east of UTC: the names of RFC 5322, and of Europe.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
    "EET": 2, "EEST": 3, "WEST": 1, "BST": 1, "MSK": 3, "JST": 9,
}  # fmt: skip

_WEEKDAY = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)"
    r"[a-zéû]*\.?,?\s+)?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?"
)
_ZONE = r"\s*(?P<zone>z|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?|[a-z]{2,4})?(?:\s*\([^()]{1,40}\))?"
_TIME = rf"(?:(?:t|,?\s+(?:at|um)?\s*|,\s*|:){_CLOCK}{_ZONE})?"
_MONTH = r"(?P<name>[^\W\d_]{3,12})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>[12]\d{3})"
_MONTH_OF_YEAR = rf"{_MONTH}\.?(?:[-/]|\s?['’])(?P<year>\d\d)"
_SHORT_MONTH = re.compile(_MONTH_OF_YEAR, re.IGNORECASE)
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_TIME}",
        rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<second_>\d{{1,2}})(?P=mark)"
        rf"(?P<year>[12]\d{{3}}|\d\d){_TIME}",
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)"
        r"(?:t(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?"
        r"(?P<fraction>(?!))?(?P<half>(?!))?(?P<zone>z)?)?",
        rf"{_WEEKDAY}{_DAY}(?:[-/\s.,]|\s?de\s)*{_MONTH}\.?(?:[-/\s.,]|\s?de\s)*"
        rf"(?P<year>[12]\d{{3}}|\d\d){_TIME}",
        rf"{_WEEKDAY}{_MONTH}\.?[-/\s]*{_DAY},?[-/\s]+{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_MONTH}\.?\s+{_DAY},?\s+{_CLOCK}(?:\s+(?P<zone>[a-z]{{2,4}}))?\s+{_YEAR}",
        rf"{_YEAR}[-/\s]{_MONTH}[-/\s](?P<day>\d{{1,2}}){_TIME}",
        rf"{_MONTH}\.?[-/\s,]+{_YEAR}",
        _MONTH_OF_YEAR,
        rf"(?P<month>\d{{1,2}})/{_YEAR}",
        rf"{_YEAR}[-/](?P<month>\d\d)",
        rf"{_YEAR}[-\s]?q(?P<quarter>[1-4])",
        rf"q(?P<quarter>[1-4])[-/\s]?{_YEAR}",
        rf"{_YEAR}-?w(?P<week>\d\d)(?:-?(?P<weekday>[1-7]))?",
    )
)


class Moment(NamedTuple):
    """A date or time in UTC, without a zone; `has_zone`: the cell names its zone or offset."""

    at: datetime
    has_zone: bool


def find_date_format(values: Iterable[str], order: str = "") -> str:
    """Return ISO, DAY_FIRST or MONTH_FIRST if all these cells are dates so; else nothing.

    `order` is what the owner says about cells in which day and month could be exchanged.
    """
    cells = list(values)
    if not cells or not _DIGIT.search(cells[0]):
        return ""
    if all(map(_is_iso, cells)):
        return ISO
    orders = (order,) if order else (DAY_FIRST, MONTH_FIRST)
    fitting = next((one for one in orders if all(parse_date(c, one) for c in cells)), "")
    return fitting if fitting and any(map(_is_numeric, cells)) else ISO if fitting else ""


def parse_date(cell: str, date_format: str) -> Moment | None:
    """Return the moment that a stripped cell names, or None; ISO forms are read in any format."""
    if _ISO_START.match(cell) and (found := _iso(cell)):
        return found
    if len(cell) > 60:
        return None
    return _parsed(cell, _order_of(date_format))


def date_format_of_most(cells: Collection[str], order: str = "") -> str:
    """Return the order of day and month in which most of some cells are dates, or nothing."""
    some = list(cells)[:200]
    fitting = {
        one: sum(parse_date(cell, one) is not None for cell in some)
        for one in ((order,) if order else (DAY_FIRST, MONTH_FIRST))
    }
    best = max(fitting, key=fitting.__getitem__)
    return best if fitting[best] else ""


def zones_in(cells: Iterable[str], date_format: str) -> str:
    """Return whether "all", "some" or "none" of the times name an offset; "" for days alone."""
    moments = [found for cell in cells if (found := parse_date(cell, date_format))]
    timed = [one for one in moments if one.has_zone or one.at.time() != time.min]
    if not timed:
        return ""
    named = sum(one.has_zone for one in timed)
    return "none" if not named else "all" if named == len(timed) else "some"


def date_share(cells: Collection[str]) -> float:
    """Return the share of these cells that are dates, each in whatever format."""
    some = list(cells)[:_SOME]
    return sum(1 for cell in some if find_date_format([cell])) / len(some) if some else 0.0


def is_ambiguous_date(values: Iterable[str], date_format: str) -> bool:
    """Return whether the day and the month could be exchanged in every cell."""
    order = _order_of(date_format)
    if not order:
        return False
    other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
    cells = list(values)
    return any(map(_is_numeric, cells)) and all(parse_date(cell, other) for cell in cells)


def is_short_month(cell: str) -> bool:
    """Return whether a cell such as Jan-14 is read as a month of a year, not as a day of one."""
    return _SHORT_MONTH.fullmatch(cell) is not None and _parsed(cell, "") is not None


def is_compact_date(cells: Collection[str]) -> bool:
    """Return whether digits alone, such as 20240115, are dates of our time in all these cells."""
    return len(cells) > 1 and all(
        len(cell) == 8 and cell.isdecimal() and cell[:2] in {"19", "20"} and _parsed(cell, "")
        for cell in cells
    )


def _order_of(date_format: str) -> str:
    """Return the order of day and month; models of earlier versions know formats of strptime."""
    if "%" not in date_format:
        return date_format if date_format in (DAY_FIRST, MONTH_FIRST) else ""
    if "%m" not in date_format or date_format.startswith("%Y"):
        return ""
    return MONTH_FIRST if date_format.index("%m") < date_format.index("%d") else DAY_FIRST


def _is_iso(cell: str) -> bool:
    return bool(_ISO_START.match(cell)) and _iso(cell) is not None


def _iso(cell: str) -> Moment | None:
    try:
        return _moment(datetime.fromisoformat(cell if len(cell) > 7 else cell + "-01"))
    except ValueError:
        return None


def _is_numeric(cell: str) -> bool:
    found = _PATTERNS[1].fullmatch(cell)
    return found is not None and found["mark"] != "."


@lru_cache(maxsize=4096)
def _parsed(cell: str, order: str) -> Moment | None:
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(cell):
            found = _read(match.groupdict(), order)
            if found:
                return found
    return None


def _read(parts: dict[str, str | None], order: str) -> Moment | None:
    try:
        day = _day_of(parts, order)
        return None if day is None else _at(day, parts)
    except (ValueError, OverflowError):
        return None


def _day_of(parts: dict[str, str | None], order: str) -> date | None:
    year = _year(parts["year"] or "")
    if quarter := parts.get("quarter"):
        return date(year, 3 * int(quarter) - 2, 1)
    if week := parts.get("week"):
        return date.fromisocalendar(year, int(week), int(parts["weekday"] or 1))
    if first := parts.get("first"):
        day, month = int(first), int(parts["second_"] or 0)
        if parts["mark"] == ".":  # nobody writes the month first with full stops
            return date(year, month, day)
        if not order:
            return None
        return date(year, day, month) if order == MONTH_FIRST else date(year, month, day)
    if name := parts.get("name"):
        known = _MONTHS.get(_plain(name))
        return date(year, known, int(parts.get("day") or 1)) if known else None
    return date(year, int(parts["month"] or 1), int(parts.get("day") or 1))


def _at(day: date, parts: dict[str, str | None]) -> Moment | None:
    if not parts.get("hour"):
        return Moment(datetime(day.year, day.month, day.day), False)
    hour = int(parts["hour"] or 0)
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    at = datetime(day.year, day.month, day.day) + timedelta(
        hours=hour,
        minutes=int(parts["minute"] or 0),
        seconds=int(parts.get("second") or 0),
        microseconds=int((parts.get("fraction") or "0").ljust(6, "0")[:6]),
    )
    if hour > 24 or int(parts["minute"] or 0) > 59:
        return None
    zone = parts.get("zone")
    if not zone:
        return Moment(at, False)
    offset = _offset(zone)
    return None if offset is None else Moment(at - offset, True)


def _offset(zone: str) -> timedelta | None:
    text = zone.upper()
    if text in _ZONES:
        return timedelta(hours=_ZONES[text])
    text = text.removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if not text or text[0] not in "+-":
        return None
    digits = text[1:]
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    found = timedelta(hours=int(hours), minutes=int(minutes))
    return -found if text[0] == "-" else found


def _year(text: str) -> int:
    # As POSIX has it: 69 to 99 belong to the last century.
    year = int(text)
    return year if len(text) > 2 else year + (1900 if year > 68 else 2000)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _moment(found: datetime) -> Moment:
    if found.tzinfo is None:
        return Moment(found, False)
    return Moment(found.astimezone(UTC).replace(tzinfo=None), True)
