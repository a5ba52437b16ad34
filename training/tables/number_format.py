"""How a file writes its numbers: the decimal mark and the thousands separator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from training.tables.units import amount

_SAMPLE = 20_000
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_US = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3})(\.\d+)?")
_EUROPE = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_APOSTROPHE = re.compile(r"[+-]?\d{1,3}('\d{3})+(\.\d+)?")
_SPACE = re.compile("[+-]?\\d{1,3}([ \u00a0\u202f]\\d{3})+([.,]\\d+)?")


@dataclass(frozen=True, slots=True)
class Numerals:
    """The decimal mark, the thousands separator ("" for none), and a cell that fits two ways."""

    decimal: str
    thousands: str
    doubtful: str = ""


def find_numerals(rows: Iterable[tuple[str, ...]], separator: str, decimal: str = "") -> Numerals:
    """Return how the cells of a table spell numbers."""
    seen: Counter[str] = Counter()
    example = ""
    for cell in _cells(rows):
        if kind := _spelling(cell):
            seen[kind] += 1
            example = example or (cell if kind == "group," else "")
    decided = bool(decimal) or any(seen[kind] for kind in ("us", "europe", "comma", "point"))
    decimal = decimal or _decimal(seen, separator)
    return Numerals(decimal, _thousands(seen, decimal), "" if decided else example)


def _thousands(seen: Counter[str], decimal: str) -> str:
    group = {".": ("us", ","), ",": ("europe", ".")}[decimal]
    if seen[group[0]] or (seen["group,"] and decimal == "."):
        return group[1]
    if seen["group."] and decimal == "," and not seen["point"]:
        return "."
    for name, mark in (("apostrophe", "'"), ("nbsp", "\u00a0"), ("thin", "\u202f"), ("space", " ")):
        if any(seen[name + point] for point in ("", ".", ",")):
            return mark
    return ""


def _decimal(seen: Counter[str], separator: str) -> str:
    if separator == ",":
        # A comma inside a cell had to be quoted here: it groups thousands unless digits tell.
        return "," if seen["comma"] or seen["europe"] > seen["us"] else "."
    commas = seen["comma"] + seen["europe"] + seen["group,"] + _spaced(seen, ",")
    return "," if commas > seen["point"] + seen["us"] + _spaced(seen, ".") else "."


def _spaced(seen: Counter[str], point: str) -> int:
    return sum(seen[name + point] for name in ("space", "nbsp", "thin"))


def _cells(rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    taken = 0
    for row in rows:
        for cell in row:
            yield cell.strip()
        taken += len(row)
        if taken > _SAMPLE:
            return


def _spelling(cell: str) -> str:
    if found := amount(cell):
        cell = found.core
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
        name = {"\u00a0": "nbsp", "\u202f": "thin"}.get(match.group(1)[0], "space")
        return name + (match.group(2) or "")[:1]
    return ""
