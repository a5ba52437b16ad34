"""What a web process may know of an uploaded table: its head, read without heavy libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from training.encodings import decode
from training.kinds import infer, is_ambiguous_date, is_missing, number_share
from training.layout import (
    SEPARATOR_NAMES,
    Row,
    clean_names,
    find_header,
    find_separator,
    find_skip,
    refuse_ragged,
    split_rows,
)
from training.numerals import find_numerals
from training.table import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    EMPTY,
    ID,
    TEXT,
    Column,
    Dialect,
    Preview,
    ReadingError,
    listed,
    shown,
)

HEAD_BYTES = 256 * 1024
SHOWN_ROWS = 10
MAX_COLUMNS = 2000


def preview(
    head: bytes, size: int, told: Mapping[str, Any] | None = None, least: int = 2
) -> Preview:
    """Return what the head of a file of `size` bytes shows.

    `told` holds what the user knows better: encoding, separator, decimal, header. A table of less
    than `least` columns is refused.
    """
    known = {key: value for key, value in (told or {}).items() if value is not None and value != ""}
    complete = len(head) >= size
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ReadingError("The file is empty. Send a table with a header and at least one row.")
    text, encoding, guessed = decode(head, complete, known.get("encoding", ""))
    text = text.removeprefix("\ufeff")
    _refuse_other_text(text)
    skip, announced = find_skip(text)
    separator = known.get("separator") or announced or find_separator(text, complete, skip)
    rows = split_rows(text, separator, complete, skip)
    _refuse_thin(rows, separator, complete, least)
    return _look(rows, Dialect(encoding, separator, "", "", True, skip, guessed), known, complete)


def _look(rows: list[Row], dialect: Dialect, known: Mapping[str, Any], complete: bool) -> Preview:
    decimal, thousands = find_numerals(
        (row.cells for row in rows), dialect.separator, known.get("decimal", "")
    )
    sure = True
    header = known.get("header")
    if header is None:
        header, sure = find_header(rows, decimal)
    dialect = replace(dialect, decimal=decimal, thousands=thousands, header=header)
    body = rows[1:] if header else rows
    if not body:
        raise ReadingError("The file has a header but no rows. Send the rows as well.")
    raw_names = _raw_names(rows, body, header)
    refuse_ragged(body, len(raw_names), dialect.separator)
    if len(raw_names) > MAX_COLUMNS:
        raise ReadingError(
            f"The table has {len(raw_names):,} columns; at most {MAX_COLUMNS:,} are accepted."
        )
    names, warnings = clean_names(raw_names)
    columns = [_column(name, i, body, dialect) for i, name in enumerate(names)]
    return Preview(
        dialect=dialect,
        columns=tuple(column for column, _ in columns),
        rows=tuple(row.cells for row in body[:SHOWN_ROWS]),
        sampled=len(body),
        complete=complete,
        warnings=(
            *_dialect_warnings(dialect, sure),
            *([] if not header else warnings),
            *(warning for _, found in columns for warning in found),
            *_hint_warnings([column for column, _ in columns]),
        ),
    )


def _refuse_other_text(text: str) -> None:
    start = text.lstrip()[:200].lower()
    for opening, what in (("<!doctype", "a web page"), ("<html", "a web page"), ("<?xml", "XML")):
        if start.startswith(opening):
            raise ReadingError(f"This is {what}, not a table. Download the CSV file itself.")
    if start.startswith(("{", "[{", "[[")):
        raise ReadingError("This is JSON, not a table. Convert it to CSV first.")


def _refuse_thin(rows: list[Row], separator: str, complete: bool, least: int) -> None:
    if not rows:
        if complete:
            raise ReadingError("The file is empty. Send a table with a header and rows.")
        raise ReadingError(
            f"The first {HEAD_BYTES // 1024} KiB hold no complete row. A quotation mark is "
            "probably opened and not closed, or this is not a table."
        )
    if max(len(row.cells) for row in rows[:100]) < least:
        raise ReadingError(
            f"Only one column was found (separator: {SEPARATOR_NAMES.get(separator, separator)}). "
            "Training needs a target and at least one other column; if the cells are separated "
            "by something else, choose that separator."
        )


def _raw_names(rows: list[Row], body: list[Row], header: bool) -> list[str]:
    first = list(rows[0].cells)
    if not header:
        return [f"column {number}" for number in range(1, len(first) + 1)]
    if all(len(row.cells) == len(first) + 1 for row in body):
        # R writes the names of the rows without a name above them; others end rows with a
        # separator. Only an empty last column tells the second from the first.
        if all(is_missing(row.cells[-1]) for row in body):
            return [*first, ""]
        return ["row", *first]
    return first


def _column(
    name: str, index: int, body: list[Row], dialect: Dialect
) -> tuple[Column, tuple[str, ...]]:
    cells = [row.cells[index] for row in body]
    counts = Counter(cells)
    column = infer(name, counts, dialect, cells)
    if column.date_format:
        present = {cell.strip() for cell in counts if not is_missing(cell)}
        if is_ambiguous_date(present, column.date_format):
            return column, (
                f"“{shown(name)}”: day and month cannot be told apart; read as day before month.",
            )
    if column.kind in (CATEGORY, TEXT, BOOLEAN) and 0.8 <= number_share(counts, dialect) < 1:
        odd = [cell for cell in counts if _is_odd(cell, dialect)]
        return column, (
            f"“{shown(name)}” holds numbers and other text such as {listed(odd, 3)}; it is read "
            f"as {column.kind}. Empty those cells in the file if they mean a missing value.",
        )
    return column, ()


def _is_odd(cell: str, dialect: Dialect) -> bool:
    return not is_missing(cell) and number_share({cell: 1}, dialect) == 0


def _dialect_warnings(dialect: Dialect, sure_of_header: bool) -> list[str]:
    warnings = []
    if dialect.encoding_guessed:
        warnings.append(
            f"The file is not UTF-8; {dialect.encoding} is a guess. Look at letters with accents "
            "below and choose another encoding if they are wrong."
        )
    if not sure_of_header:
        warnings.append(
            "The first line was taken as the names of the columns; that is not certain."
            if dialect.header
            else "The first line was taken as data, not as names; that is not certain."
        )
    if not dialect.header and sure_of_header:
        warnings.append("The file has no header: the first line is data. Columns are numbered.")
    return warnings


def _hint_warnings(columns: list[Column]) -> list[str]:
    sentences = {
        ID: "every row has its own value, as in an id, so a model cannot learn from it",
        CONSTANT: "there is only one value in the rows looked at",
        EMPTY: "no value in the rows looked at",
    }
    warnings = []
    for hint, sentence in sentences.items():
        names = [column.name for column in columns if hint in column.hints]
        if names:
            warnings.append(f"Left out: {listed(names)} ({sentence}).")
    return warnings
