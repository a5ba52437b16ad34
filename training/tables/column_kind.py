"""From the raw cells of a column to its kind: the text decides, nothing is converted early."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from math import isfinite
from operator import mul
from typing import Any

from training.cells.dates import date_format_of_most, find_date_format, is_compact_date, zones_in
from training.cells.marks import in_mark, mark_of_all
from training.cells.missing import (
    are_codes,
    is_missing,
    is_na_a_place,
    is_placeholder,
    present_cells,
)
from training.cells.numbers import has_footnote, is_bounded, parse_number, spelled
from training.cells.spelling import fold, spellings, visible
from training.tables.schema import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    ID,
    INDEX,
    KIND_NOUNS,
    NUMBER,
    TEXT,
    Column,
    Dialect,
    ReadingError,
)
from training.text import shown

_BOOLEANS = tuple(map(frozenset, ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})))
_ID_NAME = re.compile(r"(^|[^A-Za-z])(?i:id|uuid|guid|key)$|(?<=[a-z])(Id|ID)$")
# Drawn from a hash, or tokens of one length in which letters and digits are mixed.
_HASH = re.compile(
    r"(?=.*\d)(?=.*[A-Za-z])[0-9A-Za-z_-]{8,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4,12}){3,4}"
)
_DIGITS = re.compile(r"\d+")
# What programs call a column that only numbers the rows; `row` is this program's own word for one
# without a name.
_INDEX_NAME = re.compile(r"Unnamed: \d+|__index_level_\d+__|index|row", re.IGNORECASE)
_ENOUGH_FOR_ID = 20
_MOST_SPELLINGS = 20
_LEAST_SHARE = 0.2
_LONG_TEXT = 50
# Where nearly all cells differ, words of this length say something by their parts.
_TELLING = 8


def has_value(cell: str, column: Column) -> bool:
    """Return whether a stripped cell of a column holds something; NA may be a country there."""
    return not is_missing(cell) or (column.keeps_na and cell == "NA")


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
    keeps_na = "NA" in counts and is_na_a_place(map(visible, counts), name)
    present, missing = present_cells(counts, keeps_na)
    examples = tuple(islice(present, 5))
    facts = {"missing": missing, "distinct": len(present), "examples": examples}
    if keeps_na:
        facts["keeps_na"] = True
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
    if kind in (CATEGORY, BOOLEAN):
        present = merged_counts(present)
        facts["distinct"] = len(present)
    complete = not facts["missing"]
    hints = _hints(name, kind, present, filled if complete else 0, details, ordered)
    column = Column(name, kind, hints=hints, **facts, **details)  # type: ignore[arg-type]
    return column, numbers


def as_chosen(column: Column, found: Column, counts: Mapping[str, int], dialect: Dialect) -> Column:
    """Return `found` as its owner wants it in `column`, with what the cells say about that kind.

    Raises ReadingError if no cell is of that kind.
    """
    kept = replace(
        found,
        kind=column.kind,
        chosen=True,
        found=found.kind,
        hints=tuple(hint for hint in found.hints if hint not in (ID, INDEX)),
    )
    cells = [visible(cell) for cell in counts if not is_missing(cell)]
    if kept.kind == NUMBER:
        numbers = [n for cell in cells if (n := forced_number(cell, dialect)) is not None]
        _refuse_none(column, bool(numbers), cells)
        return replace(
            kept,
            distinct=len(set(numbers)),
            integer=all(number.is_integer() for number in numbers),
            low=min(numbers, default=None),
            high=max(numbers, default=None),
        )
    if kept.kind == DATE:
        known = found.date_format or date_format_of_most(cells, dialect.dates)
        known = known or column.date_format
        _refuse_none(column, bool(known), cells)
        return replace(kept, date_format=known)
    if kept.kind == CATEGORY and counts.get("NA") and are_codes(cells) and not kept.keeps_na:
        # Among codes, who says that these are categories says that NA is one of them.
        return replace(
            kept,
            keeps_na=True,
            missing=kept.missing - counts["NA"],
            distinct=kept.distinct + 1,
        )
    return kept


def forced_number(cell: str, dialect: Dialect) -> float | None:
    """Return the number that a cell spells, codes such as 007 included."""
    # Where the owner says that it is a number, 007 is seven.
    number = parse_number(cell, dialect.decimal, dialect.thousands)
    return float(cell) if number is None and cell.lstrip("+-").isdecimal() else number


def _refuse_none(column: Column, is_readable: bool, cells: list[str]) -> None:
    if cells and not is_readable:
        raise ReadingError(
            f"“{shown(column.name)}” was chosen to hold {KIND_NOUNS[column.kind]}, but no cell can "
            f"be read as one (the first is “{shown(cells[0])}”). Choose another kind for it."
        )


def merged_counts(present: Mapping[str, int]) -> Mapping[str, int]:
    """Return the counts with those of cells that look alike under one spelling."""
    alike = spellings(present)
    if not alike:
        return present
    found: dict[str, int] = {}
    for cell, count in present.items():
        name = alike.get(cell, cell)
        found[name] = found.get(name, 0) + count
    return found


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
    rarely = not any(map(is_placeholder, present))
    holes = () if rarely else tuple(filter(is_placeholder, present))
    left = {c: n for c, n in present.items() if c not in holes} if holes else present
    if sum(left.values()) >= max(1, _LEAST_SHARE * filled):
        # Without what stands for nothing, is it a column of numbers or of dates?
        details = (
            (_date_details(left, dialect) if is_compact_date(left) else None)
            or _number_details(left, dialect)
            or _date_details(left, dialect)
        )
        if details is not None:
            kind = DATE if "date_format" in details else NUMBER
            return kind, {**details, "placeholders": holes, "plain": details["plain"] and not holes}
    words = frozenset(map(fold, present)) if len(present) <= _MOST_SPELLINGS else frozenset()
    if words and any(words <= pair for pair in _BOOLEANS):
        return BOOLEAN, {}
    return (TEXT if _is_text(present, filled) else CATEGORY), {}


def _number_details(present: Iterable[str], dialect: Dialect) -> dict[str, Any] | None:
    numbers, marks = array("d"), set[str]()
    plain = True
    for cell in present:
        found = spelled(cell, dialect.decimal, dialect.thousands)
        if found is None:
            return None
        number, its_mark = found
        numbers.append(number)
        if is_bounded(cell) or has_footnote(cell):
            plain = False
        if its_mark is not None:
            plain = False
            marks.add(its_mark)
        elif number:
            marks.add("")
    mark = mark_of_all(marks)
    if mark is None:
        return None
    if len(marks - {""}) > 1:
        spelt = (spelled(cell, dialect.decimal, dialect.thousands) for cell in present)
        numbers = array("d", (in_mark(n, m or "", mark) or 0.0 for n, m in filter(None, spelt)))
    finite = list(filter(isfinite, numbers)) or [0.0]
    if plain and dialect.thousands:
        plain = not any(dialect.thousands in cell for cell in present)
    return {
        "integer": all(map(float.is_integer, finite)),
        "low": min(finite),
        "high": max(finite),
        "plain": plain,
        "mark": mark,
        "numbers": numbers,
    }


def _date_details(present: Mapping[str, int], dialect: Dialect) -> dict[str, Any] | None:
    date_format = find_date_format(present, dialect.dates)
    if not date_format:
        return None
    return {"date_format": date_format, "plain": True, "zone": zones_in(present, date_format)}


def number_share(counts: Mapping[str, int], dialect: Dialect) -> float:
    """Return the share of the filled cells that spell a number."""
    filled = good = 0
    for cell, count in counts.items():
        if not is_missing(cell):
            filled += count
            if parse_number(cell.strip(), dialect.decimal, dialect.thousands) is not None:
                good += count
    return good / filled if filled else 0.0


def _is_text(present: Mapping[str, int], filled: int) -> bool:
    if sum(map(mul, map(len, present), present.values())) > _LONG_TEXT * filled:
        return True
    if len(present) <= max(20, 0.5 * filled):
        return False
    return (
        sum(len(cell.split()) * count for cell, count in present.items()) >= 2 * filled
        or sum(map(mul, map(len, present), present.values())) >= _TELLING * filled
    )


def _is_id(
    name: str, kind: str, present: Mapping[str, int], details: dict, ordered: list[str]
) -> bool:
    """Return whether cells that all differ are drawn from a sequence or a hash.

    A number is an id by its name alone: years, doses and distances differ in every row as well.
    """
    if kind == NUMBER:
        return details["integer"] and not details["mark"] and bool(_ID_NAME.search(name))
    if kind not in (CATEGORY, TEXT) or any(" " in cell for cell in present):
        return False
    if _ID_NAME.search(name):
        return True
    if len(set(map(len, present))) == 1 and all(map(_HASH.fullmatch, present)):
        return True
    first = next(iter(present))
    form = _DIGITS.sub("#", first)
    # C-0001, C-0002: but for the digits all are alike. Marks alone are those of numbers or times.
    has_letter = any(map(str.isalpha, form))
    return has_letter and form != first and all(_DIGITS.sub("#", cell) == form for cell in present)
