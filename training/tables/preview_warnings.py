"""What a person should know about how a table was read, in sentences. Light: no pandas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from training.cells.dates import MONTH_FIRST, date_share, is_ambiguous_date, is_short_month
from training.cells.durations import MARKS as DURATIONS
from training.cells.missing import are_codes, is_missing, is_placeholder, present_cells
from training.cells.numbers import has_footnote, is_bounded
from training.cells.spelling import spellings
from training.cells.units import PERCENT, is_unit
from training.tables.column_kind import marks_of, number_share
from training.tables.rows import Row
from training.tables.schema import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    HINTS,
    NUMBER,
    TEXT,
    Column,
    Dialect,
)
from training.text import listed, shown

_MOSTLY = 0.8
_NAMED = 8  # columns by name in a sentence about several
# Words behind numbers that are more than these are no units, but names of streets, say.
_MOST_UNITS = 4
_IS_IT_ONE = "Does it say something about the target? Give it the role “feature” then."
_WORDS = (CATEGORY, TEXT, BOOLEAN)


def left_out(rows: list[Row]) -> list[str]:
    """Say which lines before the table are no part of it."""
    if not rows:
        return []
    which = "line was" if len(rows) == 1 else f"{len(rows)} lines were"
    text = " ".join(cell for cell in rows[0].cells if cell.strip())
    return [
        f"The first {which} taken as a title or a comment and left out: “{shown(text, 60)}”. "
        "Choose 0 lines before the table if that is wrong."
    ]


def two_header_rows(rows: list[Row]) -> str:
    """Say that the names stand in two rows."""
    return (
        f"The names of the columns stand in two rows (lines {rows[0].line} and {rows[1].line}) and "
        "were joined. Choose “Holds the column names” for the first line if the second is data."
    )


def dialect_warnings(dialect: Dialect, sure_of_header: bool, doubtful: str) -> Iterator[str]:
    """Say what was guessed of encoding, header, last line and the spelling of numbers."""
    if dialect.encoding_guessed:
        yield (
            f"The file is not UTF-8; {dialect.encoding} is a guess. Look at letters with accents "
            "below and choose another encoding if they are wrong."
        )
    if not sure_of_header:
        yield (
            "The first line was taken as the names of the columns; that is not certain."
            if dialect.header
            else "The first line was taken as data, not as names; that is not certain."
        )
    if not dialect.header and sure_of_header:
        yield "The file has no header: the first line is data. Columns are numbered."
    if dialect.total:
        yield "The last line is a total, not a row, and is left out."
    if doubtful:
        grouped = dialect.thousands and dialect.thousands in doubtful
        meant = doubtful.replace(dialect.thousands, "") if grouped else doubtful.replace(",", ".")
        yield (
            f"“{shown(doubtful)}” can be read in two ways; it is read as {meant}. Choose the "
            "decimal mark if that is wrong."
        )


def repeated_header_warnings(rows: list[Row], header: bool) -> Iterator[str]:
    """Say where the names stand a second time, as in files that were put together."""
    again = [row.line for row in rows[1:] if header and row.cells == rows[0].cells]
    if again:
        lines = ", ".join(map(str, again[:5]))
        yield (
            f"The names of the columns stand again in the middle of the table (line {lines}). "
            "Remove what is no row, or its words are taken as values."
        )


@dataclass(frozen=True, slots=True)
class ColumnWarning:
    """A sentence about one column; `shared` says the same of several columns, if it can be said."""

    column: str
    sentence: str
    shared: str = ""


def grouped(found: Iterable[ColumnWarning]) -> Iterator[str]:
    """Yield the sentences, and one for all columns of which the same is said."""
    groups: dict[str, list[ColumnWarning]] = {}
    for warning in found:
        groups.setdefault(warning.shared or warning.sentence, []).append(warning)
    for shared, warnings in groups.items():
        if len(warnings) == 1:
            yield warnings[0].sentence
        else:
            names = listed([warning.column for warning in warnings], _NAMED)
            yield f"{len(warnings)} columns: {shared} ({names})."


def column_warnings(
    column: Column, counts: Counter[str], dialect: Dialect
) -> tuple[ColumnWarning, ...]:
    """Say how the cells of one column were understood, where that is not plain."""
    return tuple(_about_column(column, counts, dialect))


def _about_column(
    column: Column, counts: Counter[str], dialect: Dialect
) -> Iterator[ColumnWarning]:
    def said(sentence: str, shared: str = "") -> ColumnWarning:
        return ColumnWarning(column.name, sentence, shared)

    name, texts = shown(column.name), [c.strip() for c in counts if not is_missing(c)]
    if column.placeholders:
        total = sum(n for cell, n in counts.items() if cell.strip() in column.placeholders)
        words = listed(column.placeholders, 3)
        yield said(
            f"“{name}”: {words} ({total:,} cells) is taken as a missing value.",
            f"{words} means missing",
        )
    yield from map(said, _about_spellings(column, counts))
    yield from _about_mark(column, name, texts, dialect)
    if column.date_format and is_ambiguous_date(
        {cell for cell in texts if not is_placeholder(cell)}, column.date_format
    ):
        first, then = ("month", "day") if column.date_format == MONTH_FIRST else ("day", "month")
        doubt = (
            f"day and month cannot be told apart; read as {first} before {then}. Choose the order "
            "of dates if that is wrong"
        )
        yield said(f"“{name}”: {doubt}.", doubt)
    if column.date_format and (short := next(filter(is_short_month, texts), "")):
        yield said(f"“{name}”: “{shown(short)}” is read as a month and its year.")
    if column.kind in _WORDS:
        yield from map(said, _about_words(column, counts, dialect, texts))


def _about_mark(
    column: Column, name: str, texts: list[str], dialect: Dialect
) -> Iterator[ColumnWarning]:
    """Say how what stands behind or before the numbers of a column was taken."""

    def said(sentence: str, shared: str = "") -> ColumnWarning:
        return ColumnWarning(column.name, sentence, shared)

    if column.mark in DURATIONS:
        yield said(
            f"“{name}” holds times ({column.mark}), read as numbers of seconds.",
            f"times ({column.mark}) are read as numbers of seconds",
        )
    elif column.mark == PERCENT:
        yield said(
            f"“{name}” holds percentages: 12 % is read as 12.", "percentages: 12 % is read as 12"
        )
    elif is_unit(column.mark) and len(marks := marks_of(texts, dialect)) > 1:
        given = listed(sorted(marks), 4)
        yield said(f"“{name}” is given in {given}; all is read in {column.mark}.")
    elif is_unit(column.mark):
        yield said(
            f"“{name}” holds numbers with the unit {column.mark}; 5 {column.mark} is read as 5.",
            f"numbers with the unit {column.mark}; 5 {column.mark} is read as 5",
        )
    elif column.mark:
        yield said(
            f"“{name}” holds amounts in {column.mark}, read as numbers.",
            f"amounts in {column.mark} are read as numbers",
        )


def _about_spellings(column: Column, counts: Counter[str]) -> Iterator[str]:
    """Say which spellings were taken for one, or for a limit, or for a country."""
    name, present = shown(column.name), present_cells(counts, column.keeps_na)[0]
    yield from spellings_said(column, counts)
    for found, what in ((is_bounded, "are limits"), (has_footnote, "have marks of notes")):
        cells = [cell for cell in present if column.kind == NUMBER and found(cell)]
        if cells:
            total = sum(present[cell] for cell in cells)
            yield f"“{name}”: {listed(cells, 3)} ({total:,} cells) {what}, read as numbers alone."
    if column.keeps_na:
        yield f"“{name}”: NA is read as a value (Namibia, North America), like the other codes."
    elif counts.get("NA") and column.kind == CATEGORY and are_codes(present):
        yield (
            f"“{name}”: NA ({counts['NA']:,} cells) is taken as a missing value. Choose the kind "
            f"{CATEGORY} if it is a code like the others."
        )


def spellings_said(column: Column, counts: Mapping[str, int]) -> Iterator[str]:
    """Say which spellings of a category are read as which, and how many cells that changes."""
    if column.kind not in (CATEGORY, BOOLEAN):
        return
    raw: Counter[str] = Counter()
    for cell, count in counts.items():
        raw[cell.strip()] += count
    alike = spellings({cell: count for cell, count in raw.items() if cell})
    changed = {cell: kept for cell, kept in alike.items() if cell != kept}
    if not changed:
        return
    total = sum(raw[cell] for cell in changed)
    pairs = [f"“{shown(cell, 20)}” as “{shown(kept, 20)}”" for cell, kept in changed.items()]
    more = f" and {len(pairs) - 4} more" if len(pairs) > 4 else ""
    yield (
        f"“{shown(column.name)}”: spellings that look alike are read as one, "
        f"{', '.join(pairs[:4])}{more} ({total:,} cells)."
    )


def _about_words(
    column: Column, counts: Counter[str], dialect: Dialect, texts: list[str]
) -> Iterator[str]:
    share, name = number_share(counts, dialect), shown(column.name)
    if _MOSTLY <= share < 1:
        odd = [cell for cell in texts if number_share({cell: 1}, dialect) == 0]
        if any(odd):
            yield (
                f"“{name}” holds numbers and other text such as {listed(odd, 3)}; it is read as "
                f"{column.kind}. Empty those cells in the file if they mean a missing value, or "
                f"choose the kind {NUMBER}."
            )
    elif share == 1 and 1 < len(marks := marks_of(texts, dialect)) <= _MOST_UNITS:
        several = " and ".join(sorted(mark or "plain numbers" for mark in marks))
        yield (
            f"“{name}” holds numbers of different units ({several}), so it is read as "
            f"{column.kind}. Bring them to one unit in the file."
        )
    elif not share and date_share(texts) >= _MOSTLY:
        yield (
            f"“{name}” holds dates in more than one format ({listed(texts, 3)}); it is read as "
            f"{column.kind}. Write them in one format, or choose the kind {DATE}: those in the "
            "most frequent format are used then."
        )


def left_out_warnings(columns: list[Column]) -> Iterator[str]:
    """Say which columns are left out, and why."""
    for hint, reason in HINTS.items():
        names = [column.name for column in columns if hint in column.hints]
        if names:
            remedy = "" if hint in (CONSTANT, EMPTY) else f" {_IS_IT_ONE}"
            yield f"Left out: {listed(names)} ({reason}).{remedy}"
