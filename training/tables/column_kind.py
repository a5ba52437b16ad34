"""From the raw cells of a column to its kind: the text decides, nothing is converted early."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from math import isfinite
from operator import mul
from typing import Any

from training.tables.date_format import find_date_format
from training.tables.schema import (
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
from training.tables.units import PERCENT, amount, is_unit

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
        mark = re.escape(thousands)
        # Also as in India: 1,23,456.
        indian = rf"\d{{1,2}}(?:{mark}\d{{2}})+{mark}\d{{3}}"
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|{indian}|\d+)"
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
    found = spelled(text, decimal, thousands)
    return found[0] if found else None


def spelled(text: str, decimal: str, thousands: str) -> tuple[float, str | None] | None:
    """Return the number that a stripped cell spells and its mark; None: no mark, or no number."""
    scale, mark = 1.0, None
    if found := amount(text):
        text, mark, scale = found
    if not _number_pattern(decimal, thousands).fullmatch(text) or _CODE.match(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    return scale * float(text.replace(decimal, ".")), mark


def is_placeholder(cell: str) -> bool:
    """True for a word that in a column of numbers or dates can only mean that there is none."""
    return cell.lower() in _PLACEHOLDERS


def marks_of(cells: Iterable[str], dialect: Dialect) -> set[str]:
    """Return the currencies, units and percent signs beside the numbers of cells; "" is none."""
    found = (spelled(cell, dialect.decimal, dialect.thousands) for cell in cells)
    # Nothing is as much in per cent as in francs.
    return {mark or "" for number, mark in filter(None, found) if mark is not None or number}


def infer(name: str, counts: Mapping[str, int], dialect: Dialect, ordered: list[str]) -> Column:
    """Return the column that these cells make up: `counts` per raw cell, `ordered` as they came."""
    return infer_numbers(name, counts, dialect, ordered)[0]


def infer_numbers(
    name: str, counts: Mapping[str, int], dialect: Dialect, ordered: list[str]
) -> tuple[Column, Sequence[float]]:
    """Return the column, and of one of numbers those that its different cells spell."""
    present, missing = present_cells(counts)
    examples = tuple(islice(present, 5))
    facts = {"missing": missing, "distinct": len(present), "examples": examples}
    if not present:
        return Column(name, TEXT, hints=(EMPTY,), **facts), ()  # type: ignore[arg-type]
    filled = sum(present.values())
    kind, details = _kind(present, filled, dialect)
    numbers = details.pop("numbers", ())
    holes = details.get("placeholders", ())
    if holes:
        empty = sum(present[cell] for cell in holes)
        present = {cell: count for cell, count in present.items() if cell not in holes}
        facts |= {"missing": missing + empty, "distinct": len(present)}
        filled -= empty
    complete = not facts["missing"]
    hints = _hints(name, kind, present, filled if complete else 0, details, ordered)
    column = Column(name, kind, hints=hints, **facts, **details)  # type: ignore[arg-type]
    return column, numbers


def present_cells(counts: Mapping[str, int]) -> tuple[Mapping[str, int], int]:
    """Return how often each stripped cell stands there, and how many cells are missing."""
    bare = list(map(str.strip, counts))
    if bare == list(counts) and MISSING_WORDS.isdisjoint(bare):
        return counts, 0
    present: dict[str, int] = {}
    missing = 0
    for cell, count in zip(bare, counts.values(), strict=True):
        if cell in MISSING_WORDS:
            missing += count
        else:
            present[cell] = present.get(cell, 0) + count
    return present, missing


def _hints(
    name: str, kind: str, present: Mapping[str, int], rows: int, details: dict, ordered: list[str]
) -> tuple[str, ...]:
    """Return why a column says nothing; `rows` is 0 if some have no value."""
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
    rarely = _PLACEHOLDERS.isdisjoint(map(str.lower, present))
    holes = () if rarely else tuple(filter(is_placeholder, present))
    left = {c: n for c, n in present.items() if c not in holes} if holes else present
    if sum(left.values()) >= max(1, _LEAST_SHARE * filled):
        # Without what stands for nothing, is it a column of numbers or of dates?
        details = _number_details(left, dialect) or _date_details(left)
        if details is not None:
            kind = DATE if "date_format" in details else NUMBER
            return kind, {**details, "placeholders": holes, "plain": details["plain"] and not holes}
    if frozenset(map(str.lower, present)) <= _boolean_words(present):
        return BOOLEAN, {}
    return (TEXT if _is_text(present, filled) else CATEGORY), {}


def _number_details(present: Iterable[str], dialect: Dialect) -> dict[str, Any] | None:
    numbers, marks = array("d"), set[str]()
    plain = True
    for cell in present:
        found = spelled(cell, dialect.decimal, dialect.thousands)
        if found is None:
            return None
        number, mark = found
        numbers.append(number)
        if mark is not None:
            plain = False
            marks.add(mark)
        elif number:
            marks.add("")
    if not are_one(marks):
        return None
    finite = list(filter(isfinite, numbers)) or [0.0]
    if plain and dialect.thousands:
        plain = not any(dialect.thousands in cell for cell in present)
    return {
        "integer": all(map(float.is_integer, finite)),
        "low": min(finite),
        "high": max(finite),
        "plain": plain,
        "mark": next(iter(marks - {""}), ""),
        "numbers": numbers,
    }


def are_one(marks: set[str]) -> bool:
    """Tell whether these marks leave no doubt about what is counted; "" is a number alone."""
    named = marks - {""}
    exact = any(mark == PERCENT or is_unit(mark) for mark in named)
    return len(named) < 2 and not (exact and "" in marks)


def _date_details(present: Mapping[str, int]) -> dict[str, Any] | None:
    date_format = find_date_format(present)
    return {"date_format": date_format, "plain": True} if date_format else None


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
    if sum(map(mul, map(len, present), present.values())) > _LONG_TEXT * filled:
        return True
    if len(present) <= max(20, 0.5 * filled):
        return False
    return sum(len(cell.split()) * count for cell, count in present.items()) >= 2 * filled


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
