"""Formats of quantities: bytes, rates, durations, shares, scores. Pure functions, no Django.

Each takes None (and text that is no number) and returns a dash, because a template gets
half-filled rows all the time and must not fail on one.
"""

import math
from datetime import timedelta
from typing import Any

DASH = "–"
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
MINUTE, HOUR, DAY = 60, 3600, 86_400
_ROUNDING = 1e-12  # what arithmetic leaves where a score or its spread is 0


def as_number(value: Any) -> float | None:
    """Return the finite number in `value`, or None."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def byte_size(value: Any) -> str:
    """Return a size such as "1.2 MB" for 1234567. Decimal units, as disks and networks are sold."""
    number = as_number(value)
    if number is None or number < 0:
        return DASH
    power = 0
    while float(f"{number:.1f}" if power else round(number)) >= 1000 and power + 1 < len(UNITS):
        number /= 1000
        power += 1
    places = 1 if power and number < 99.95 else 0
    return f"{number:.{places}f} {UNITS[power]}"


def byte_rate(value: Any) -> str:
    """Return a rate such as "3.4 MB/s" for 3400000."""
    text = byte_size(value)
    return text if text == DASH else f"{text}/s"


def duration(value: Any) -> str:
    """Return "2 min 05 s" for 125: two units at most, the second padded to keep columns still."""
    number = as_number(value)
    if number is None or number < 0:
        return DASH
    if number < 10 and number != round(number):
        # 0.04 s and 0.0004 s are both "fast"; 9.96 s is ten seconds
        if number < 0.05:
            return "< 0.1 s"
        return f"{number:.1f} s" if float(f"{number:.1f}") < 10 else "10 s"
    seconds = round(number)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE:02d} s"
    minutes = seconds // MINUTE
    if seconds < DAY:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = minutes // 60
    return f"{hours // 24} d {hours % 24:02d} h"


def about(value: Any) -> str:
    """Return "about 3 h" for 10400 seconds: remaining times are never exact."""
    number = as_number(value)
    if number is None or number < 0:
        return DASH
    if number < 10:
        return "a few seconds"
    if number < 55:
        return f"about {5 * max(2, round(number / 5))} s"
    if number < 57.5 * MINUTE:
        return f"about {max(1, round(number / MINUTE))} min"
    if number < 9.5 * HOUR:
        halves = round(number / HOUR * 2)
        return f"about {halves // 2} h 30 min" if halves % 2 else f"about {halves // 2} h"
    if number < 36 * HOUR:
        return f"about {round(number / HOUR)} h"
    days = round(number / DAY)
    return f"about {days} days" if days < 100 else "more than 3 months"


def percent(value: Any, places: int = 0) -> str:
    """Return "42 %" for 0.423; never 100 % before the end, nor 0 % once something is done."""
    number = as_number(value)
    if number is None:
        return DASH
    step = 10.0**-places
    shown = round(number * 100, places)
    if shown >= 100 and number < 1:
        shown = 100 - step
    if shown == 0 and number > 0:
        return f"< {step:.{places}f} %"
    return f"{shown:.{places}f} %"


def whole(value: Any) -> str:
    number = as_number(value)
    return DASH if number is None else f"{round(number):,}"


def score(value: Any) -> str:
    """Return a metric with four significant digits: "0.9123" for 0.91234, "48,214" for 48213.7."""
    number = as_number(value)
    if number is None:
        return DASH
    size = abs(number)
    if _ROUNDING < size < 0.001:
        return f"{number:.2e}"
    if size >= 10_000_000:
        return f"{number:.4g}"
    places = 4 if size < 10 else 2 if size < 1000 else 1 if size < 10_000 else 0
    return f"{number:,.{places}f}"


def difference(value: Any) -> str:
    """Return how far a score is from another, with its sign: "+0.0123"; nothing if it is equal."""
    number = as_number(value)
    if number is None or not number:
        return ""
    return ("+" if number > 0 else "\u2212") + score(abs(number))


def ago(seconds: float) -> str:
    """Return how long ago, from the seconds that have passed; negative ones lie in the future."""
    if seconds < 0:
        return f"in {_span(-seconds)}" if seconds <= -10 else "just now"
    return f"{_span(seconds)} ago" if seconds >= 10 else "just now"


def _span(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{int(seconds)} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    if days < 60:
        return "1 day" if days == 1 else f"{days} days"
    return f"{days // 30} months" if days < 730 else f"{days // 365} years"


def clock(seconds: Any) -> str:
    """Return "2:02:05" for 7325, the text of a running stopwatch (site.js counts it on)."""
    number = as_number(seconds)
    if number is None or number < 0:
        return DASH
    total = int(number)
    if total < HOUR:
        return f"{total // 60}:{total % 60:02d}"
    return f"{total // HOUR}:{total % HOUR // 60:02d}:{total % 60:02d}"
