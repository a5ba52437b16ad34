"""Where a table begins and ends, and what its columns are called."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from training.cells.missing import is_missing, is_placeholder
from training.cells.numbers import parse_number
from training.cells.spelling import visible
from training.tables.rows import SCORED_ROWS, Row
from training.text import shown

_MOST_BEFORE = 30
_TELLING_ROWS = 5
_LONGEST_NAME = 200

_TOTALS = frozenset(
    ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt")
)


def find_header(rows: list[Row], decimal: str) -> tuple[bool, bool]:
    """Return whether the first row names the columns, and whether that is beyond doubt."""
    first, body = rows[0].cells, [row.cells for row in rows[1:101]]
    votes = sum(_header_vote(index, cell, body, decimal) for index, cell in enumerate(first))
    if votes:
        return votes > 0, True
    names = [cell.strip() for cell in first if cell.strip()]
    return len(set(names)) == len(names) and len(names) >= len(first) / 2, False


def second_names(rows: list[Row], decimal: str) -> tuple[str, ...] | None:
    """Return the names of a table that has them in two rows: a group or a unit in one of them.

    So it is if a second row of words stands above columns of numbers alone. A group that is named
    once, in merged cells, belongs to the columns behind it that have no name.
    """
    if len(rows) < _TELLING_ROWS:
        return None
    first, second = rows[0].cells, rows[1].cells
    body = [row.cells for row in rows[2:101]]
    if len(first) != len(second) or not any(cell.strip() for cell in second):
        return None
    votes = [_is_word_above_numbers(place, second, body, decimal) for place in range(len(second))]
    if True not in votes or False in votes:
        return None
    names, group = [], ""
    for upper, lower in zip(first, second, strict=True):
        group, name = upper.strip() or group, lower.strip()
        names.append(group if is_placeholder(name) else f"{group} {name}".strip())
    return tuple(names)


def _is_word_above_numbers(
    place: int, cells: tuple[str, ...], body: list[tuple[str, ...]], decimal: str
) -> bool | None:
    """Return whether a word stands above numbers; None if the column does not tell."""
    below = [row[place] for row in body if len(row) > place and not is_missing(row[place])]
    numbers = sum(parse_number(visible(cell), decimal) is not None for cell in below)
    if not below or numbers < 0.9 * len(below):
        # In a column of words, the row of names must not be one of its values.
        return False if below and cells[place].strip() in {cell.strip() for cell in below} else None
    cell = cells[place].strip()
    if not cell:
        return None
    return not (is_missing(cell) or is_placeholder(cell)) and parse_number(cell, decimal) is None


def _header_vote(index: int, cell: str, body: list[tuple[str, ...]], decimal: str) -> int:
    below = [row[index].strip() for row in body if len(row) > index and not is_missing(row[index])]
    if not below or is_missing(cell):
        return 0
    numbers = sum(1 for text in below if parse_number(text, decimal) is not None)
    if numbers >= 0.9 * len(below):
        if parse_number(cell.strip(), decimal) is None:
            return 2
        # Years and other numbers name columns too, but then they differ from all that follows.
        return -2 if cell.strip() in below or not _is_year(cell) else 0
    if cell.strip() in below:
        return -1
    lengths = {len(text) for text in below}
    return 1 if len(lengths) == 1 and len(below) > 2 and len(cell.strip()) not in lengths else 0


def _is_year(cell: str) -> bool:
    return bool(re.fullmatch(r"(18|19|20|21)\d\d", cell.strip()))


def find_start(rows: list[Row]) -> int:
    """Return how many rows stand before the table: comments, a title, an empty line of commas."""
    widths = Counter(row.filled for row in rows[:SCORED_ROWS])
    width = max(widths, key=lambda filled: (widths[filled], filled))
    start = 0
    while start < min(_MOST_BEFORE, len(rows) - 2):
        row = rows[start]
        if row.cells[0].lstrip().startswith("#"):
            follower = rows[start + 1].cells[0].lstrip().startswith("#")
            # The last line of comments may hold the names.
            if not follower and row.filled == width and not find_header(rows[start + 1 :], ".")[0]:
                break
        elif _is_title_above_gap(rows, start):
            pass
        elif row.filled > 1 or width < 2 or (width == 2 and len(row.cells) > 1):
            break
        start += 1
    return start


def _is_title_above_gap(rows: list[Row], place: int) -> bool:
    """Return whether a blank line divides a row from others that begin with names beyond doubt."""
    rest = rows[place + 1 :]
    return rest[0].before > rows[place].before + 1 and find_header(rest, ".") == (True, True)


def ends_with_total(body: list[Row]) -> bool:
    """Tell whether the last row is the sum of the others, as spreadsheets are printed."""
    if len(body) < 3:
        return False
    words = [next((c.strip().lower() for c in row.cells if c.strip()), "") for row in body]
    return words[-1].rstrip(":") in _TOTALS and words.count(words[-1]) == 1


def clean_name(text: str) -> str:
    """Return a name on one line; of a long one the beginning, told apart from others by a hash.

    The same text has the same name in every file, whatever stands beside it.
    """
    printable = "".join(char if char.isprintable() else " " for char in visible(text))
    name = " ".join(printable.split())
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:6]
    return f"{name[: _LONGEST_NAME - 8]} #{digest}"


def clean_names(raw: list[str]) -> tuple[list[str], list[str]]:
    """Return unique, printable column names, and sentences about those that were changed."""
    names: list[str] = []
    warnings = []
    for number, text in enumerate(raw, start=1):
        name = clean_name(text)
        if not name:
            # A first column without a name is what spreadsheets and programs count rows in.
            name = "row" if number == 1 and "row" not in raw else f"column {number}"
            warnings.append(f"Column {number} has no name and is called “{name}”.")
        base, copy = name, 2
        while name in names:
            name, copy = f"{base} ({copy})", copy + 1
        if name != base:
            warnings.append(
                f"The name “{shown(base)}” stands more than once; column {number} "
                f"is called “{shown(name)}”."
            )
        names.append(name)
    return names, warnings
