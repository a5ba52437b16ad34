"""From the raw cells of a column to its kind: the text decides, nothing is converted early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from training.amounts import PERCENT, amount
from training.dates import find_date_format
from training.table import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    ID,
    INDEX,
    MISSING_WORDS,
    NUMBER,
    TEXT,
    Column,
    Dialect,
)

_CODE = re.compile(r"[+-]?0\d|[+-]?\d{16,}$")
_BOOLEANS = tuple(map(frozenset, ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})))
_ID_NAME = re.compile(r"(^|[^a-z])(id|uuid|guid|key|index|row)$|(?<=[a-z])(Id|ID)$", re.IGNORECASE)
# What programs call a column that only numbers the rows; `row` is this program's own word for one
# without a name.
_INDEX_NAME = re.compile(r"Unnamed: \d+|__index_level_\d+__|index|row", re.IGNORECASE)
_ENOUGH_FOR_ID = 20
# What people write where a number or a date is not known. Among words these may be words.
_PLACEHOLDERS = frozenset(
    ("-", "--", "---", "–", "—", ".", "..", "n.a.", "n.d.", "none", "null", "nil", "missing",
     "unknown", "unk", "tbd", "not available", "not applicable", "#value!", "#div/0!", "#ref!",
     "#num!", "#name?")
)  # fmt: skip
_LEAST_SHARE = 0.2
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
    scale = 1.0
    if found := amount(text):
        text, scale = found.core, found.scale
    if not _number_pattern(decimal, thousands).fullmatch(text) or _CODE.match(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    return scale * float(text.replace(decimal, "."))


def is_placeholder(cell: str) -> bool:
    """True for a word that in a column of numbers or dates can only mean that there is none."""
    return cell.lower() in _PLACEHOLDERS


def marks_of(cells: Iterable[str]) -> set[str]:
    """Return the currencies and percent signs beside the numbers of these cells; "" is none."""
    found = set()
    for cell in cells:
        parts = amount(cell)
        # Nothing is as much in per cent as in francs.
        if parts or cell.strip("+-0.,"):
            found.add(parts.mark if parts else "")
    return found


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
    holes = details.get("placeholders", ())
    if holes:
        empty = sum(present.pop(cell) for cell in holes)
        facts |= {"missing": missing + empty, "distinct": len(present)}
        filled -= empty
    complete = not facts["missing"]
    hints = _hints(name, kind, present, filled if complete else 0, details, ordered)
    return Column(name, kind, hints=hints, **facts, **details)  # type: ignore[arg-type]


def _hints(
    name: str, kind: str, present: Mapping[str, int], rows: int, details: dict, ordered: list[str]
) -> tuple[str, ...]:
    """Return why a column says nothing; `rows` is 0 where some have no value."""
    if len(present) == 1:
        return (CONSTANT,) if rows >= 2 else ()
    if kind == NUMBER and details["integer"] and _is_index(name, ordered):
        return (INDEX,)
    if len(present) == rows >= _ENOUGH_FOR_ID:
        return (ID,) if _is_id(name, kind, present, details, ordered) else ()
    return ()


def _is_index(name: str, ordered: list[str]) -> bool:
    if not _INDEX_NAME.fullmatch(name):
        return False
    numbers = [int(cell) for cell in ordered[:1000] if cell.strip().isdecimal()]
    counted = all(b - a == 1 for a, b in pairwise(numbers))
    return len(numbers) > 1 and (name.lower() not in {"row", "index"} or counted)


def _kind(present: Mapping[str, int], filled: int, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    holes = tuple(cell for cell in present if is_placeholder(cell))
    left = {cell: count for cell, count in present.items() if cell not in holes}
    if sum(left.values()) >= max(1, _LEAST_SHARE * filled):
        # Without what stands for nothing, is it a column of numbers or of dates?
        details = _number_details(left, dialect) or _date_details(left)
        if details is not None:
            kind = DATE if "date_format" in details else NUMBER
            return kind, {**details, "placeholders": holes, "plain": details["plain"] and not holes}
    if frozenset(map(str.lower, present)) <= _boolean_words(present):
        return BOOLEAN, {}
    return (TEXT if _is_text(present, filled) else CATEGORY), {}


def _number_details(present: Mapping[str, int], dialect: Dialect) -> dict[str, Any] | None:
    numbers = numbers_of(present, dialect)
    if numbers is None:
        return None
    marks = marks_of(present)
    if len(marks - {""}) > 1 or (PERCENT in marks and "" in marks):
        return None
    finite = [number for number in numbers if abs(number) != float("inf")] or [0.0]
    grouped = dialect.thousands and any(dialect.thousands in cell for cell in present)
    return {
        "integer": all(number.is_integer() for number in finite),
        "low": min(finite),
        "high": max(finite),
        "plain": not grouped and not any(amount(cell) for cell in present),
        "mark": next(iter(marks - {""}), ""),
    }


def _date_details(present: Mapping[str, int]) -> dict[str, Any] | None:
    date_format = find_date_format(present)
    return {"date_format": date_format, "plain": True} if date_format else None


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
