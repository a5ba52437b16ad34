"""Durations and times of day such as 1:23:45 or 2h 5m, which are numbers of seconds to a model."""

from __future__ import annotations

import re
from collections.abc import Set

CLOCK, HOURS, MINUTES, NAMED = "h:mm:ss", "h:mm", "mm:ss", "2h 5m"
"""What the parts of a cell are: three of them; two, as hours; two, as minutes beside hours; with
their units."""
MARKS = frozenset((CLOCK, HOURS, MINUTES, NAMED))

_UNITS = {
    604_800: "w week weeks",
    86_400: "d day days",
    3600: "h hr hrs hour hours std",
    60: "m min mins minute minutes",
    1: "s sec secs second seconds sek",
}
_SECONDS = {name: seconds for seconds, names in _UNITS.items() for name in names.split()}
_PART = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-z]+)\.?,? ?(?:and |und )?", re.IGNORECASE)

_DURATION = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<days>\d{1,5}) ?(?:d|days?),? )?(?P<first>\d{1,5}):(?P<second>[0-5]\d)"
    r"(?::(?P<third>[0-5]\d(?:[.,]\d{1,9})?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_HOURS_MINUTES = re.compile(r"\d{1,4}h[0-5]\d")


def parse_duration(cell: str) -> tuple[float, str] | None:
    """Return the seconds of a stripped cell and its mark: CLOCK, or HOURS if it has two parts."""
    found = _DURATION.fullmatch(cell)
    if found is None:
        return None
    first, second = int(found["first"]), int(found["second"])
    if half := found["half"]:
        if not 1 <= first <= 12:
            return None
        first = first % 12 + (12 if half in "pP" else 0)
    third = float((found["third"] or "0").replace(",", "."))
    seconds = 86_400 * int(found["days"] or 0) + 3600 * first + 60 * second + third
    mark = CLOCK if found["third"] or found["days"] else HOURS
    return (-seconds if found["sign"] == "-" else seconds), mark


def parse_named(cell: str) -> tuple[float, str] | None:
    """Return the seconds of a stripped cell such as 2h 5m or PT2H5M (ISO 8601), and its mark.

    Units go from large to small. One of them alone, as in 5 min, is an amount and no duration
    here, but for ISO 8601.
    """
    text = cell.lstrip("+-")
    if is_iso := text[:1] == "P":
        days, _, clock = text[1:].partition("T")
        # P5M are months, which have no seconds.
        text = "" if "M" in days else days + clock
    elif _HOURS_MINUTES.fullmatch(text):
        text += "m"
    parts, place = [], 0
    while found := _PART.match(text, place):
        parts.append((float(found[1].replace(",", ".")), _SECONDS.get(found[2].lower(), 0)))
        place = found.end()
    units = [unit for _, unit in parts]
    ordered = units == sorted(set(units), reverse=True) and 0 not in units
    if place < len(text) or not ordered or len(parts) < 2 - is_iso:
        return None
    seconds = sum(number * unit for number, unit in parts)
    return (-seconds if cell[0] == "-" else seconds), NAMED


def merged(marks: Set[str]) -> str:
    """Return the mark of a column whose cells have these; empty if they are no durations alone.

    Beside cells of three parts, those of two are minutes and seconds, as results of races are
    written.
    """
    if marks == {CLOCK, HOURS}:
        return MINUTES
    if NAMED in marks and marks - {NAMED} <= _SECONDS.keys():
        return NAMED
    return next(iter(marks)) if len(marks) == 1 and marks <= MARKS else ""


def seconds_in(number: float, mark: str, column_mark: str) -> float | None:
    """Return the seconds of a cell with `mark` in a column with another; None: it is not certain.

    Of two parts alone nobody can tell whether a column of h:mm:ss means hours by them. A number
    alone may be seconds, minutes or parts of a day.
    """
    if column_mark == NAMED and mark in _SECONDS:
        return number * _SECONDS[mark]
    if mark not in MARKS:
        return None
    if mark == HOURS and column_mark == MINUTES:
        return number / 60
    return None if mark == HOURS and column_mark in (CLOCK, NAMED) else number
