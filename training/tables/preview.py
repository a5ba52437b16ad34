"""What a web process may know of an uploaded table: its head, read without heavy libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.cells.missing import is_missing
from training.tables.column_kind import as_chosen
from training.tables.encoding import NOTHING, Survey, decode, survey
from training.tables.header import (
    clean_names,
    ends_with_total,
    find_header,
    find_start,
    second_names,
)
from training.tables.histogram import seen_column
from training.tables.number_format import find_numerals
from training.tables.preview_warnings import (
    ColumnWarning,
    column_warnings,
    dialect_warnings,
    grouped,
    left_out,
    left_out_warnings,
    repeated_header_warnings,
    two_header_rows,
)
from training.tables.rows import (
    SEPARATOR_NAMES,
    Row,
    ragged_remedy,
    ragged_sentence,
    refuse_odd_quotes,
    split_ragged,
    split_rows,
)
from training.tables.schema import Column, Dialect, Preview, ReadingError
from training.tables.separator import find_named_header, find_separator, find_skip

HEAD_BYTES = 256 * 1024
SHOWN_ROWS = 10
MAX_COLUMNS = 2000


def read_preview(path: Path, choices: Mapping[str, Any] | None = None, least: int = 2) -> Preview:
    """Return what the head of a file shows, after a look through all of it for its encoding."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return preview(head, path.stat().st_size, choices, least, survey(path))


def preview(
    head: bytes,
    size: int,
    choices: Mapping[str, Any] | None = None,
    least: int = 2,
    rest: Survey = NOTHING,
) -> Preview:
    """Return what the head of a file of `size` bytes shows.

    `choices` holds what the user knows better: encoding, separator, decimal, dates (the order of
    day and month), header (True, False), skip (rows before the table), ragged ("drop"), total
    (True: the last row is one) and kinds (of columns, by name). For rows of a model, names (of its
    columns) and near (the separator of the training) find the header. said is what unpacking did.
    A table of less than `least` columns is refused. `rest` is what was seen in the whole file.
    """
    known = {
        key: value for key, value in (choices or {}).items() if value is not None and value != ""
    }
    complete = len(head) >= size
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ReadingError("The file is empty. Upload a table with a header and at least one row.")
    decoded = decode(head, complete, known.get("encoding", ""), rest)
    text = decoded.text.removeprefix("\ufeff")
    _refuse_other_text(text)
    skip, announced = find_skip(text)
    if names := known.get("names"):
        known = {**_named(text, complete, names, known.get("near", ",")), **known}
    separator = known.get("separator") or announced or find_separator(text, complete, skip, least)
    rows = split_rows(text, separator, complete, known.get("skip", skip))
    _refuse_thin(rows, separator, complete, least)
    refuse_odd_quotes(text, rows, separator, complete)
    start = 0 if "skip" in known else find_start(rows)
    dialect = Dialect(
        decoded.encoding,
        separator,
        skip=rows[start].before,
        encoding_guessed=decoded.guessed,
        errors=decoded.errors,
        ragged=known.get("ragged", "refuse"),
        dates=known.get("dates", ""),
    )
    return _preview(rows[start:], dialect, known, complete, left_out(rows[:start]))


def _named(text: str, complete: bool, names: Collection[str], near: str) -> dict[str, Any]:
    """Return separator and header of a table whose names are known, if they stand in it."""
    found = find_named_header(text, complete, names, near)
    return {"separator": found[0], "skip": found[1], "header": True} if found else {}


def _preview(
    rows: list[Row], dialect: Dialect, known: Mapping[str, Any], complete: bool, before: list[str]
) -> Preview:
    cells = (row.cells for row in rows)
    numerals = find_numerals(cells, dialect.separator, known.get("decimal", ""))
    header, sure = known.get("header"), True
    if header is None and (double := second_names(rows, numerals.decimal)):
        before = [*before, two_header_rows(rows)]
        dialect, header = replace(dialect, skip=rows[1].before), True
        rows = [replace(rows[1], cells=double), *rows[2:]]
    if header is None:
        header, sure = find_header(rows, numerals.decimal)
    raw_names, body, wrong = _body(rows, header, dialect)
    total = known.get("total", complete and ends_with_total(body))
    if total and complete:
        body = body[:-1] or body
    dialect = replace(
        dialect,
        decimal=numerals.decimal,
        thousands=numerals.thousands,
        header=header,
        total=total,
    )
    names, renamed = clean_names(raw_names)
    kinds = known.get("kinds", {})
    columns = [_column(name, i, body, dialect, kinds) for i, name in enumerate(names)]
    warnings = (
        *filter(None, [known.get("said", "")]),
        *before,
        *dialect_warnings(dialect, sure, numerals.doubtful),
        *([f"{ragged_sentence(wrong, len(raw_names))} Left out, as chosen."] if wrong else ()),
        *(renamed if header else ()),
        *repeated_header_warnings(rows, header),
        *grouped(warning for _, found in columns for warning in found),
        *left_out_warnings([column for column, _ in columns]),
    )
    shown = tuple(row.cells for row in body[:SHOWN_ROWS])
    seen = tuple(column for column, _ in columns)
    return Preview(dialect, seen, shown, len(body), complete, warnings, len(wrong))


def _body(
    rows: list[Row], header: bool, dialect: Dialect
) -> tuple[list[str], list[Row], list[Row]]:
    """Return the raw names, the rows of data, and those left out for their width."""
    body = rows[1:] if header else rows
    if not body:
        raise ReadingError("The file has a header but no rows. Add the rows.")
    names = _raw_names(rows, body, header)
    body, wrong = split_ragged(body, len(names))
    if wrong and (dialect.ragged != "drop" or not body):
        raise ReadingError(
            f"{ragged_sentence(wrong, len(names))} {ragged_remedy(dialect.separator)}"
        )
    _refuse_wide(len(names))
    return names, body, wrong


def _refuse_wide(width: int) -> None:
    if width > MAX_COLUMNS:
        raise ReadingError(
            f"The table has {width:,} columns; at most {MAX_COLUMNS:,} are accepted. Upload fewer "
            "columns, or put those that belong together into rows."
        )


def _refuse_other_text(text: str) -> None:
    start = text.lstrip()[:200].lower()
    for opening, what in (("<!doctype", "a web page"), ("<html", "a web page"), ("<?xml", "XML")):
        if start.startswith(opening):
            raise ReadingError(f"This is {what}, not a table. Download the CSV file itself.")
    for opening, what in (("@relation", "ARFF"), ("insert into", "SQL"), ("create table", "SQL")):
        if start.startswith(opening):
            raise ReadingError(f"This is {what}, not a table of rows. Export the table as CSV.")
    if start.startswith(("{", "[{", "[[")):
        raise ReadingError("This is JSON, not a table. Convert it to CSV first.")


def _refuse_thin(rows: list[Row], separator: str, complete: bool, least: int) -> None:
    if not rows:
        if complete:
            raise ReadingError("The file is empty. Upload a table with a header and rows.")
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
    name: str, index: int, body: list[Row], dialect: Dialect, kinds: Mapping[str, str]
) -> tuple[Column, tuple[ColumnWarning, ...]]:
    cells = [row.cells[index] for row in body]
    counts = Counter(cells)
    column = seen_column(name, counts, dialect, cells)
    if name in kinds:
        column = as_chosen(replace(column, kind=kinds[name]), column, counts, dialect)
    return column, column_warnings(column, counts, dialect)
