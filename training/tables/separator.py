"""Which separator sets the columns of a text apart."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection

from training.cells.missing import is_missing, is_placeholder
from training.cells.numbers import parse_number
from training.cells.spelling import fold
from training.tables.header import clean_name
from training.tables.rows import BLANK, SCORED_ROWS, Row, split_rows
from training.tables.schema import ReadingError

SEPARATORS = (",", ";", "\t", "|")
_SNIFFED = 16384
_MOST_BEFORE = 30
_UNNAMED = 0.25
# Numbers, amounts, times and dates, whatever marks they hold.
_NUMERIC = re.compile(r"[^\w,;|]{0,3}[+-]?[\d][\d\s.,:'’/+\-%)]*")
_EXCEL_HINT = re.compile(r"\s*\"?sep=(.)\"?\s*$")


def find_skip(text: str) -> tuple[int, str]:
    """Return how many lines stand before the table, and the separator that they announce."""
    first = text.split("\n", 1)[0].split("\r", 1)[0]
    match = _EXCEL_HINT.match(first)
    return (1, match.group(1)) if match and match.group(1) in SEPARATORS else (0, "")


def find_separator(text: str, complete: bool, skip: int = 0, least: int = 2) -> str:
    """Return the separator that cuts the text into rows of one width and cells without others.

    The measure is after van den Burg et al., Wrangling messy CSV files (2019): the share of rows of
    one width, more for more columns, times the share of cells that make sense. Blanks are none if a
    table may have a single column, which may be one of words.
    """
    if least > 1 and _is_blank_set(text, complete, skip):
        return BLANK
    found = {separator: _score(text, separator, complete, skip) for separator in SEPARATORS}
    is_named = any(names for score, names in found.values() if score)
    # Where the first row is cut as the others are by one separator, another one is improbable.
    scores = {
        separator: score if names or not is_named else _UNNAMED * score
        for separator, (score, names) in found.items()
    }
    best = max(SEPARATORS, key=scores.__getitem__)
    return best if scores[best] else _sniffed(text)


def find_named_header(
    text: str, complete: bool, names: Collection[str], near: str
) -> tuple[str, int] | None:
    """Return the separator and the rows before the header that names most of these columns.

    Of several separators that find as many, `near` wins. None if no row names half of its cells so.
    """
    wanted = {fold(name) for name in names}
    best, found = 0, None
    for separator in sorted((*SEPARATORS, BLANK), key=lambda one: one != near):
        for row in _sample(text, separator, complete, 0)[:_MOST_BEFORE]:
            cells = [cell for cell in row.cells if cell.strip()]
            known = sum(fold(clean_name(cell)) in wanted for cell in cells)
            if known > best and 2 * known >= len(cells):
                best, found = known, (separator, row.before)
    return found


def _is_blank_set(text: str, complete: bool, skip: int) -> bool:
    """Tell whether blanks set the columns apart: all rows are cut alike, and by nothing else.

    A tab may stand between them, as before the names in a table of numbers.
    """
    rows = _sample(text, BLANK, complete, skip)
    widths = {len(row.cells) for row in rows[:SCORED_ROWS]}
    if len(rows) < 2 or len(widths) > 1 or min(widths) < 2:
        return False
    if any(mark in cell for row in rows[:SCORED_ROWS] for cell in row.cells for mark in ",;|"):
        return False
    if "\t" not in text:
        return True
    firsts = [row.cells[0].split() for row in _sample(text, "\t", complete, skip)]
    return all(len(f) > 2 and all(map(_is_numeric, f)) for f in firsts[1:SCORED_ROWS])


def _is_numeric(cell: str) -> bool:
    return is_missing(cell) or is_placeholder(cell) or parse_number(cell, ".") is not None


def _sample(text: str, separator: str, complete: bool, skip: int) -> list[Row]:
    try:
        return split_rows(text[:_SNIFFED], separator, complete and len(text) <= _SNIFFED, skip)
    except ReadingError:
        return []


def _score(text: str, separator: str, complete: bool, skip: int) -> tuple[float, bool]:
    """Return the measure, and whether the first row has as many cells as most rows."""
    rows = _sample(text, separator, complete, skip)[:SCORED_ROWS]
    if not rows:
        return 0.0, False
    width, count = Counter(len(row.cells) for row in rows).most_common(1)[0]
    others = [mark for mark in SEPARATORS if mark != separator]
    cells = [cell for row in rows for cell in row.cells]
    known = sum(
        1 for cell in cells if not any(map(cell.__contains__, others)) or _NUMERIC.fullmatch(cell)
    )
    score = count / len(rows) * (width - 1) / width * known / len(cells)
    return score, len(rows[0].cells) == width


def _sniffed(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:_SNIFFED], delimiters="".join(SEPARATORS)).delimiter
    except csv.Error:
        return ","
