"""From a file, its dialect and its columns to a checked DataFrame, frugal with memory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype, union_categoricals

from training.preview import HEAD_BYTES
from training.recheck import describe_numbers, settle
from training.table import (
    BOOLEAN,
    CATEGORY,
    MISSING_WORDS,
    NUMBER,
    Column,
    Dialect,
    ReadingError,
    shown,
)

_MISSING = [*sorted(MISSING_WORDS), *(" " * width for width in range(1, 17)), "\t"]
_CELLS_PER_CHUNK = 2_000_000
_EXPECTED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_UNCLOSED = re.compile(r"EOF inside string starting at row (\d+)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory with what is now known of its columns over all rows."""

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]


def read(
    path: Path,
    dialect: Dialect,
    columns: Sequence[Column],
    threads: int = 1,
    on_rows: Callable[[int], None] | None = None,
) -> Table:
    """Read the whole file. The kinds found in its head are checked again over all rows."""
    source = _Source(path, dialect, columns, threads)
    parts, suspects = source.first_pass(on_rows or (lambda rows: None))
    if not parts or not len(parts[0]):
        raise ReadingError("The file has no rows.")
    series = {name: _joined([part[name] for part in parts]) for name in parts[0].columns}
    parts.clear()
    if suspects:
        series |= source.second_pass(suspects)
    source.refuse_short_rows(series[columns[-1].name])
    settled: list[Column] = []
    warnings: list[str] = []
    for column in columns:
        values = series[column.name]
        if is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype):
            found = describe_numbers(column, values, dialect)
        else:
            found = settle(column, values, dialect)
        series[column.name] = found.values
        settled.append(found.column)
        warnings += found.warnings
    frame = pd.DataFrame(series, copy=False)
    return Table(frame, tuple(settled), tuple(warnings))


class _Source:
    """The file with all that pandas has to be told about it."""

    def __init__(
        self, path: Path, dialect: Dialect, columns: Sequence[Column], threads: int
    ) -> None:
        self.path, self.dialect, self.columns, self.threads = path, dialect, columns, threads
        self.names = [column.name for column in columns]

    def first_pass(self, on_rows: Callable[[int], None]) -> tuple[list[pd.DataFrame], list[str]]:
        """Return the chunks, and the columns of numbers that must be looked at as text."""
        texts = {c.name: "str" for c in self.columns if c.chosen or c.kind != NUMBER or not c.plain}
        few = [c.name for c in self.columns if c.chosen or c.kind in (CATEGORY, BOOLEAN)]
        suspects = {c.name for c in self.columns if c.name in texts and c.kind == NUMBER}
        parts: list[pd.DataFrame] = []
        rows = 0
        with _CodeWatch(self.path, self.dialect.separator) as watch:
            for part in self._chunks(watch, dtype=texts):
                for name in few:
                    part[name] = part[name].astype("category")
                for name in self.names:
                    if name not in texts and not _is_number(part[name]):
                        suspects.add(name)
                rows += len(part)
                parts.append(part)
                on_rows(rows)
            if watch.found:
                # Somewhere a cell starts like 007. pandas reads seven; only text can tell.
                suspects |= {n for n in self.names if n not in texts and self._is_whole(parts, n)}
        return parts, sorted(suspects)

    @staticmethod
    def _is_whole(parts: list[pd.DataFrame], name: str) -> bool:
        return all(part[name].dtype.kind in "iu" for part in parts)

    def second_pass(self, names: list[str]) -> dict[str, pd.Series]:
        """Return these columns as text in categories: each different cell is kept once."""
        wanted: dict[str, list[pd.Series]] = {name: [] for name in names}
        with self.path.open("rb") as handle:
            for part in self._chunks(handle, dtype="str", usecols=names):
                for name in names:
                    wanted[name].append(part[name].astype("category"))
        return {name: _joined(found) for name, found in wanted.items()}

    def _chunks(self, handle: Any, **options: Any) -> Iterator[pd.DataFrame]:
        dialect = self.dialect
        try:
            with (
                pd.option_context("mode.max_threads", self.threads),
                pd.read_csv(
                    handle,
                    sep=dialect.separator,
                    decimal=dialect.decimal,
                    encoding=dialect.encoding,
                    names=self.names,
                    header=None,
                    skiprows=dialect.skip + int(dialect.header),
                    na_values=_MISSING,
                    keep_default_na=False,
                    # A path or a compressed stream must never be opened by pandas itself.
                    compression=None,
                    engine="c",
                    chunksize=max(1000, _CELLS_PER_CHUNK // len(self.names)),
                    **options,
                ) as reader,
            ):
                for part in reader:
                    self._refuse_hidden_index(part)
                    yield part
        except pd.errors.EmptyDataError as error:
            raise ReadingError("The file has no rows.") from error
        except pd.errors.ParserError as error:
            raise ReadingError(self._parser_sentence(str(error))) from error
        except UnicodeError as error:
            raise ReadingError(self._encoding_sentence()) from error

    def _refuse_hidden_index(self, part: pd.DataFrame) -> None:
        # With one cell more than names in the first row, pandas takes the first for an index.
        if not isinstance(part.index, pd.RangeIndex):
            raise ReadingError(
                f"The first row has more cells than there are columns ({len(self.names)}). "
                "Correct or remove it."
            )

    def _parser_sentence(self, message: str) -> str:
        if match := _EXPECTED.search(message):
            expected, line, saw = match.groups()
            return (
                f"Line {line}: the table has {expected} columns, but this line has {saw}. "
                "Put cells that contain the separator into quotation marks, or correct the line."
            )
        if match := _UNCLOSED.search(message):
            return (
                f"A quotation mark opened in row {int(match.group(1)) + 1} is never closed. "
                "Close it or remove it."
            )
        return f"The file cannot be read as a table ({shown(message, 120)})."

    def _encoding_sentence(self) -> str:
        encoding, where = self.dialect.encoding, "Somewhere"
        if not encoding.startswith(("utf-16", "utf-32")):
            with self.path.open("rb") as lines:
                where = next(
                    (
                        f"In line {n}"
                        for n, raw in enumerate(lines, 1)
                        if _is_foreign(raw, encoding)
                    ),
                    where,
                )
        return (
            f"{where} there are bytes that are not {encoding} text. Choose another encoding on "
            "the page of the table."
        )

    def refuse_short_rows(self, last: pd.Series) -> None:
        """Raise a ReadingError where rows end early: pandas fills such rows up in silence."""
        # The head was checked at the upload, and a row that ends early lacks its last cell.
        if self.path.stat().st_size <= HEAD_BYTES or not last.isna().any():
            return
        width, skip = len(self.names), self.dialect.skip + int(self.dialect.header)
        with self.path.open(encoding=self.dialect.encoding, newline="") as text:
            reader = csv.reader(text, delimiter=self.dialect.separator)
            for number, row in enumerate(reader):
                if number >= skip and row and len(row) != width:
                    raise ReadingError(
                        f"Line {reader.line_num}: the table has {width} columns, but this line "
                        f"has {len(row)}. Correct or remove the line."
                    )


class _CodeWatch(io.RawIOBase):
    """Hands a file to pandas and notes on the way whether a cell starts like a code: 007."""

    def __init__(self, path: Path, separator: str) -> None:
        self._file = path.open("rb")
        table = bytearray(b"x" * 256)
        for char in (separator.encode(), b"\n", b"\r", b'"'):
            table[char[0]] = ord(",")
        table[ord("0") : ord("9") + 1] = b"0111111111"
        self._table = bytes(table)
        self._tail = b","
        self.found = False

    def readable(self) -> bool:
        """Tell pandas that this is a source."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as a file does, looking at what passes."""
        count = self._file.readinto(buffer)
        if count and not self.found:
            # Deleting NUL makes one search serve UTF-16 as well.
            seen = self._tail + bytes(buffer[:count]).translate(self._table, b"\x00")
            self.found = b",00" in seen or b",01" in seen
            self._tail = seen[-2:]
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _is_foreign(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return True
    return False


def _is_number(values: pd.Series) -> bool:
    # A chunk without any value is read as numbers that are all missing, which is fine.
    return is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype)


def _joined(parts: list[pd.Series]) -> pd.Series:
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(union_categoricals(parts), name=parts[0].name)
    return pd.concat(parts, ignore_index=True)
