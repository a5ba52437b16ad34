"""How a file writes its numbers: the decimal mark and the thousands separator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SAMPLE = 20_000
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_US = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EUROPE = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_APOSTROPHE = re.compile(r"[+-]?\d{1,3}('\d{3})+(\.\d+)?")
_SPACE = re.compile("[+-]?\\d{1,3}([ \u00a0\u202f]\\d{3})+([.,]\\d+)?")


def find_numerals(
    rows: Iterable[tuple[str, ...]], separator: str, decimal: str = ""
) -> tuple[str, str]:
    """Return the decimal mark and the thousands separator ("" for none) of a table's cells."""
    seen = Counter(kind for kind in map(_spelling, _cells(rows)) if kind)
    if not decimal:
        decimal = _decimal(seen, separator)
    group = {".": ("us", ","), ",": ("europe", ".")}[decimal]
    if seen[group[0]] or (seen["group,"] and decimal == "."):
        return decimal, group[1]
    if seen["group."] and decimal == "," and not seen["point"]:
        return decimal, "."
    for name, mark in (("apostrophe", "'"), ("nbsp", "\u00a0"), ("thin", "\u202f"), ("space", " ")):
        if seen[name]:
            return decimal, mark
    return decimal, ""


def _decimal(seen: Counter[str], separator: str) -> str:
    if separator == ",":
        # A comma inside a cell had to be quoted here: it groups thousands unless digits tell.
        return "," if seen["comma"] or seen["europe"] > seen["us"] else "."
    commas = seen["comma"] + seen["europe"] + seen["group,"]
    return "," if commas > seen["point"] + seen["us"] else "."


def _cells(rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    taken = 0
    for row in rows:
        for cell in row:
            yield cell.strip()
        taken += len(row)
        if taken > _SAMPLE:
            return


def _spelling(cell: str) -> str:
    if len(cell) > 30 or not cell or not (cell[0].isdigit() or cell[0] in "+-.,"):
        return ""
    if _US.fullmatch(cell):
        return "us" if "." in cell or cell.count(",") > 1 else "group,"
    if _EUROPE.fullmatch(cell):
        # 1.234 alone is far more often a plain number than a thousand.
        return "europe" if "," in cell or cell.count(".") > 1 else "group."
    if _POINT.fullmatch(cell):
        return "point"
    if _COMMA.fullmatch(cell):
        return "comma"
    if _APOSTROPHE.fullmatch(cell):
        return "apostrophe"
    if match := _SPACE.fullmatch(cell):
        return {"\u00a0": "nbsp", "\u202f": "thin"}.get(match.group(1)[0], "space")
    return ""
