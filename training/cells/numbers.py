"""The number that one cell spells: digits, marks and what stands around them."""

from __future__ import annotations

import re
from functools import lru_cache

from training.cells.durations import parse_duration, parse_named
from training.cells.units import amount

_CODE = re.compile(r"[+-]?0\d")
_COMMON_MARKS = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
# What laboratories write where an amount is below or above what they can measure.
_LIMIT = re.compile(r"[<>]=?\s?(?=[\d.,])")
# As printed tables mark significance, or refer to a note: 5.98**, 12 [3].
_FOOTNOTE = re.compile(r"(?<=[\d%)])\s?(?:[*†‡§]{1,4}|\[\w{1,3}\])$")


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
    if (text[-1:].isalpha() or "h" in text) and (named := parse_named(text)):
        return named
    scale, mark = 1.0, None
    if not text.isascii():
        text = text.translate(_COMMON_MARKS)
    text = _FOOTNOTE.sub("", _LIMIT.sub("", text, 1))
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


def is_bounded(cell: str) -> bool:
    """Return whether a cell that spells a number gives a limit of it, such as <0.20."""
    return cell[0] in "<>"


def has_footnote(cell: str) -> bool:
    """Return whether a mark of a note stands behind the number of a cell, such as 5.98**."""
    return _FOOTNOTE.search(cell) is not None
