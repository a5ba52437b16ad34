"""The number that one cell spells: digits, marks and what stands around them."""

from __future__ import annotations

import re
from functools import lru_cache

from training.cells.durations import parse_duration
from training.cells.units import amount

_CODE = re.compile(r"[+-]?0\d")
_COMMON_MARKS = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
# What laboratories write where an amount is below or above what they can measure.
_LIMIT = re.compile(r"[<>]=?\s?(?=[\d.,])")


def parse_number(text: str, decimal: str = ".", thousands: str = "") -> float | None:
    """Return the number that a stripped cell spells, or None. 007 spells a code, not seven."""
    found = spelled(text, decimal, thousands)
    return found[0] if found else None


def spelled(text: str, decimal: str, thousands: str) -> tuple[float, str | None] | None:
    """Return the number that a stripped cell spells and its mark; None: no mark, or no number.

    A duration is its seconds, with the mark of its parts.
    """
    if ":" in text:
        return parse_duration(text)
    scale, mark = 1.0, None
    if not text.isascii():
        text = text.translate(_COMMON_MARKS)
    text = _LIMIT.sub("", text, 1)
    if found := amount(text):
        text, mark, scale = found
    if not _number_pattern(decimal, thousands).fullmatch(text) or _CODE.match(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    return scale * float(text.replace(decimal, ".")), mark


@lru_cache(maxsize=32)
def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = r"\d+"
    if thousands:
        mark = re.escape(thousands)
        # Also as in India: 1,23,456.
        indian = rf"\d{{1,2}}(?:{mark}\d{{2}})+{mark}\d{{3}}"
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|{indian}|\d+)"
    point = re.escape(decimal)
    power = r"(?:[eE][+-]?\d+)?"
    return re.compile(
        rf"[+-]?(?:{whole}(?:{point}\d*)?{power}|{point}\d+{power}|inf(?:inity)?)", re.IGNORECASE
    )
