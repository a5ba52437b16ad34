"""From text to rows of cells: separator, lines before the table, header, ragged rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from training.tables.schema import ReadingError

BLANK = " "
"""Any number of blanks and tabs: how instruments and old programs set columns apart."""
SEPARATOR_NAMES = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", BLANK: "blank",
}  # fmt: skip
_MOST_LINES = 100
SCORED_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, the line of the file on which it begins, and the rows before it."""

    cells: tuple[str, ...]
    line: int
    before: int = 0

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(1 for cell in self.cells if cell.strip())


def cells_in(lines: Iterable[str], separator: str, *, strict: bool = False) -> Any:
    """Return a reader of rows of cells."""
    if separator != BLANK:
        return csv.reader(lines, delimiter=separator, strict=strict)
    # Blanks at the end of a line would begin one more cell.
    trimmed = (f"{line.rstrip()}\n".replace("\t", BLANK) for line in lines)
    return csv.reader(trimmed, delimiter=BLANK, skipinitialspace=True, strict=strict)


def numbered_rows(text: Any, separator: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield every row of a text with the line on which it begins and the line after its end.

    Raises ReadingError if a quotation mark that is never closed makes one cell of the rest.
    """
    reader = cells_in(text, separator)
    start = 1
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            yield line, start, cells
    except csv.Error as error:
        raise ReadingError(
            f"The cell that starts on line {start} is longer than {csv.field_size_limit():,} "
            "characters. A quotation mark is probably opened there and not closed; otherwise "
            "shorten the cell."
        ) from error


def split_rows(text: str, separator: str, complete: bool, skip: int = 0) -> list[Row]:
    """Return the rows of a text without the blank ones and without one that was cut off."""
    rows: list[Row] = []
    start = 1
    numbered = numbered_rows(io.StringIO(text, newline=""), separator)
    for before, (line, start, cells) in enumerate(numbered):  # noqa: B007 (the last one counts)
        if before >= skip and (len(cells) > 1 or (cells and cells[0].strip())):
            rows.append(Row(tuple(cells), line, before))
    if rows:
        lines = start - rows[-1].line
        _refuse_open_quote(text, rows[-1], lines, separator, complete)
        if not complete and not text.endswith("\n"):
            rows.pop()
    return rows


def refuse_odd_quotes(text: str, rows: list[Row], separator: str, complete: bool) -> None:
    """Raise where cells are quoted in a way that tears them apart: 'a, b' or "a \\"b, c\\" d"."""
    names = [cell.strip() for cell in rows[0].cells]
    if all(len(name) > 2 and name[0] == name[-1] == "'" for name in names):
        raise ReadingError(
            f"Line {rows[0].line}: the cells stand in single quotation marks, which would become "
            "part of them. Put cells into double quotation marks, or save the table as CSV anew."
        )
    if '\\"' not in text:
        return
    lines = io.StringIO(text, newline="").readlines()
    for row in rows if complete else rows[:-1]:
        line = lines[row.line - 1] if row.line <= len(lines) else ""
        if '\\"' in line and _is_torn(line, separator):
            raise ReadingError(
                f'Line {row.line}: a quotation mark inside of a cell is written as \\". Write it '
                'twice instead (""), as CSV does.'
            )


def _is_torn(line: str, separator: str) -> bool:
    """Tell whether text follows a quotation mark that closes a cell."""
    try:
        list(cells_in([line], separator, strict=True))
    except csv.Error as error:
        return "expected after" in str(error)
    return False


def _refuse_open_quote(text: str, row: Row, lines: int, separator: str, complete: bool) -> None:
    """Raise where a quotation mark swallows all lines to the end of the text."""
    if lines < (2 if complete else _MOST_LINES):
        return
    # Lines as the reader counts them; str.splitlines knows more kinds of line ends.
    rest = io.StringIO(text, newline="").readlines()[row.line - 1 :]
    try:
        list(cells_in(rest, separator, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise ReadingError(
                f"A quotation mark that is opened on line {row.line} is never closed, so that "
                "everything after it would be one cell. Close it, or remove it."
            ) from error


def split_ragged(rows: list[Row], width: int) -> tuple[list[Row], list[Row]]:
    """Return the rows of this width, and the others."""
    fitting = [row for row in rows if len(row.cells) == width]
    return fitting, [row for row in rows if len(row.cells) != width]


def ragged_sentence(wrong: list[Row], width: int) -> str:
    """Name rows of another width by their lines."""
    return ragged_lines([row.line for row in wrong[:5]], len(wrong), width, len(wrong[0].cells))


def ragged_lines(lines: list[int], count: int, width: int, first: int) -> str:
    """Name `count` lines whose width is not that of the table; the first has `first` cells."""
    named = ", ".join(f"{line:,}".replace(",", "") for line in lines)
    more = " …" if count > len(lines) else ""
    if count == 1:
        return f"Line {named}: the table has {width} columns, but this line has {first}."
    return (
        f"Lines {named}{more}: the table has {width} columns, but these {count:,} lines have "
        f"another number of cells (line {lines[0]} has {first})."
    )


def ragged_remedy(separator: str) -> str:
    """Return what to do about rows of another width."""
    name = SEPARATOR_NAMES.get(separator, separator)
    return (
        f"Put cells that contain a {name} into quotation marks, correct the lines, or choose "
        "“Leave them out” for rows with too many or too few cells."
    )
