"""Cells that say that there is no value: empty ones, NA, and what people write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from training.cells.spelling import visible

# The word None is left out on purpose: it is a real category in many tables.
MISSING_WORDS = frozenset(
    {"", "NA", "N/A", "n/a", "na", "?", "null", "NULL", "Null", "NaN", "nan", "#N/A", "<NA>"}
)
# What people write where a number or a date is not known. Among words these may be words.
_PLACEHOLDERS = frozenset(
    ("-", "--", "---", "–", "—", ".", "..", "n.a.", "n.d.", "none", "null", "nil", "missing",
     "unknown", "unk", "tbd", "not available", "not applicable", "#value!", "#div/0!", "#ref!",
     "#num!", "#name?")
)  # fmt: skip
_MANY_CODES = 10
_CONTINENTS = frozenset(("AF", "AN", "AS", "EU", "OC", "SA"))
_PLACE_NAME = re.compile(
    r"(?<![a-z])(country|nation|continent|region|territory|market|iso|land|pays|pa[ií]s)(?![a-z])",
    re.IGNORECASE,
)


def is_missing(text: str) -> bool:
    """Return whether a cell says that there is no value."""
    return visible(text) in MISSING_WORDS


def is_placeholder(cell: str) -> bool:
    """True for a word that in a column of numbers or dates can only mean that there is none."""
    return cell.lower() in _PLACEHOLDERS


def are_codes(words: Iterable[str]) -> bool:
    """Return whether all words but the missing ones are two capitals, and at least two differ."""
    others = {word for word in words if word not in MISSING_WORDS}
    return len(others) > 1 and all(
        len(word) == 2 and word.isascii() and word.isalpha() and word.isupper() for word in others
    )


def is_na_a_place(words: Iterable[str], name: str) -> bool:
    """Return whether NA in a column is Namibia or North America rather than a missing value.

    So it is among codes of two capitals, if they are many, or all continents, or if the name of
    the column tells of countries or regions.
    """
    others = {word for word in words if word not in MISSING_WORDS}
    return are_codes(others) and (
        len(others) >= _MANY_CODES
        or others <= _CONTINENTS
        or _PLACE_NAME.search(name.replace("_", " ")) is not None
    )


def present_cells(
    counts: Mapping[str, int], keeps_na: bool = False
) -> tuple[Mapping[str, int], int]:
    """Return how often each stripped cell stands there, and how many cells are missing."""
    bare = list(map(visible, counts))
    if bare == list(counts) and MISSING_WORDS.isdisjoint(bare):
        return counts, 0
    present: dict[str, int] = {}
    missing = 0
    absent = MISSING_WORDS - {"NA"} if keeps_na else MISSING_WORDS
    for cell, count in zip(bare, counts.values(), strict=True):
        if cell in absent:
            missing += count
        else:
            present[cell] = present.get(cell, 0) + count
    return present, missing
