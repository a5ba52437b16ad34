"""Durations and times of day such as 1:23:45, which are numbers of seconds to a model."""

from __future__ import annotations

import re
from collections.abc import Set

CLOCK, HOURS, MINUTES = "h:mm:ss", "h:mm", "mm:ss"
"""What the parts of a cell are: three of them; two, as hours; two, as minutes beside hours."""
MARKS = frozenset((CLOCK, HOURS, MINUTES))

_DURATION = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<days>\d{1,5}) ?(?:d|days?),? )?(?P<first>\d{1,5}):(?P<second>[0-5]\d)"
    r"(?::(?P<third>[0-5]\d(?:[.,]\d{1,9})?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)


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


def merged(marks: Set[str]) -> str:
    """Return the mark of a column whose cells have these; empty if they are no durations alone.

    Beside cells of three parts, those of two are minutes and seconds, as results of races are
    written.
    """
    if marks == {CLOCK, HOURS}:
        return MINUTES
    return next(iter(marks)) if len(marks) == 1 and marks <= MARKS else ""


def seconds_in(number: float, mark: str, column_mark: str) -> float | None:
    """Return the seconds of a cell with `mark` in a column with another; None: it is not certain.

    Of two parts alone nobody can tell whether a column of h:mm:ss means hours by them.
    """
    if mark == HOURS and column_mark == MINUTES:
        return number / 60
    return None if mark == HOURS and column_mark == CLOCK else number
