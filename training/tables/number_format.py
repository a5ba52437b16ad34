"""How a file writes its numbers: the decimal mark and the thousands separator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from training.cells.units import amount

_SAMPLE = 20_000
_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
# A number that begins with 0 has no thousands.
_US = re.compile(r"[+-]?([1-9]\d{0,2}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3})(\.\d+)?")
_EUROPE = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_APOSTROPHE = re.compile(r"[+-]?\d{1,3}(['’]\d{3})+(\.\d+)?")
_SPACE = re.compile("[+-]?\\d{1,3}([ \u00a0\u2009\u202f]\\d{3})+([.,]\\d+)?")


@dataclass(frozen=True, slots=True)
class Numerals:
    """The decimal mark, the thousands separator ("" for none), and a cell that fits two ways.

    `is_certain`: some cell can only be read so.
    """

    decimal: str
    thousands: str
    doubtful: str = ""
    is_certain: bool = False


def find_numerals(rows: Iterable[tuple[str, ...]], separator: str, decimal: str = "") -> Numerals:
    """Return how the cells of a table spell numbers."""
    by_column: dict[int, Counter[str]] = {}
    examples: dict[str, str] = {}
    for place, cell in _cells(rows):
        if kind := _spelling(cell):
            by_column.setdefault(place, Counter())[kind] += 1
            examples.setdefault(kind, cell)
    seen: Counter[str] = sum(by_column.values(), Counter())
    certain = any(seen[kind] for kind in ("us", "europe", "comma", "point"))
    grouped = not certain and any(map(_is_grouped_by_points, by_column.values()))
    chosen = decimal or ("," if grouped else _decimal(seen, separator))
    doubtful = "" if decimal or certain or grouped else examples.get("group,", "")
    if not doubtful and not (decimal or certain or grouped):
        doubtful = examples.get("group.", "")
    return Numerals(chosen, _thousands(seen, chosen), doubtful, certain or grouped)


def _is_grouped_by_points(seen: Counter[str]) -> bool:
    """Return whether 1.601 is 1601 in a column, because 394 stands beside it.

    Decimals would have other numbers of digits or show 394.000, and without marks of thousands
    some number would be larger than 999.
    """
    return seen["group."] > 1 and seen["short"] > 0 and not seen["long"]


def _thousands(seen: Counter[str], decimal: str) -> str:
    group = {".": ("us", ","), ",": ("europe", ".")}[decimal]
    if seen[group[0]] or (seen["group,"] and decimal == "."):
        return group[1]
    if seen["group."] and decimal == "," and not seen["point"]:
        return "."
    for name, mark in (("apostrophe", "'"), ("space", " ")):
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
    return seen[f"space{point}"]


def _cells(rows: Iterable[tuple[str, ...]]) -> Iterable[tuple[int, str]]:
    taken = 0
    for row in rows:
        for place, cell in enumerate(row):
            yield place, cell.strip()
        taken += len(row)
        if taken > _SAMPLE:
            return


def _spelling(cell: str) -> str:
    if found := amount(cell):
        cell = found.core
    if len(cell) > 30 or not cell or not (cell[0].isdigit() or cell[0] in "+-.,"):
        return ""
    if cell.isdecimal():
        return "short" if len(cell) < 4 else "long"
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
        return "space" + (match.group(2) or "")[:1]
    return ""
