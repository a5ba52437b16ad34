"""From a file, its dialect and its columns to a checked DataFrame, frugal with memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import (
    is_bool_dtype,
    is_numeric_dtype,
    is_string_dtype,
)

from training.cells.missing import MISSING_WORDS
from training.reading.conversion import as_categories, joined
from training.reading.leading_zeros import count_codes
from training.reading.ragged_rows import FittingRows, refuse_short_rows
from training.tables.preview import HEAD_BYTES
from training.tables.rows import BLANK, ragged_remedy
from training.tables.schema import NUMBER, TEXT, Column, Dialect, ReadingError
from training.text import shown

_MISSING = [*sorted(MISSING_WORDS), *(" " * width for width in range(1, 17)), "\t"]
_MISSING_BUT_NA = [word for word in _MISSING if word != "NA"]
_CELLS_PER_CHUNK = 2_000_000
_EXPECTED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
# So many different cells in its head alone, and few of a column are alike further down.
_MANY = 1000
_UNCLOSED = re.compile(r"EOF inside string starting at row (\d+)")


class PandasSource:
    """The file with all that pandas has to be told about it."""

    def __init__(
        self, path: Path, dialect: Dialect, columns: Sequence[Column], threads: int
    ) -> None:
        self.path, self.dialect, self.columns, self.threads = path, dialect, columns, threads
        self.names = [column.name for column in columns]
        self.left_out = ""

    def first_pass(self, on_rows: Callable[[int], None]) -> tuple[list[pd.DataFrame], list[str]]:
        """Return the chunks, and the columns of numbers that must be looked at as text."""
        types = {c.name: _type_of(c) for c in self.columns if _type_of(c)}
        # In categories each different cell is kept once; only prose has few that are alike.
        few = {c.name for c in self.columns if types.get(c.name) == "str" and c.kind != TEXT}
        parts: list[pd.DataFrame] = []
        rows, suspects = 0, set[str]()
        for part in self._parts(types):
            for name in few:
                part[name] = as_categories(part[name])
            suspects |= {name for name in self.names if not _is_as_asked(part[name], types, name)}
            rows += len(part)
            parts.append(part)
            on_rows(rows)
        return parts, sorted(suspects)

    def whole(self, parts: list[pd.DataFrame]) -> list[str]:
        """Return the columns in which all is whole numbers, as pandas sees it."""
        return [name for name in self.names if all(part[name].dtype.kind in "iu" for part in parts)]

    def codes(self) -> int:
        """Count the cells that start like 007; some inside of cells count too, which harms not."""
        with self._open() as source:
            return count_codes(source, self.dialect)

    def _parts(self, types: dict[str, str]) -> Iterator[pd.DataFrame]:
        if self._is_filtered:
            with self._open() as source:
                yield from self._chunks(source, dtype=types)
                self.left_out = source.sentence
        elif self.dialect.encoding == "utf-8":
            # A path, and all at once: only so does pandas read with several threads. No name of
            # ours is an address or ends like a packed file.
            yield from self._chunks(str(self.path.absolute()), dtype=types, chunksize=None)
        else:
            with self._open() as source:
                yield from self._chunks(source, dtype=types)

    def second_pass(self, names: list[str]) -> dict[str, pd.Series]:
        """Return these columns as text in categories: each different cell is kept once."""
        wanted: dict[str, list[pd.Series]] = {name: [] for name in names}
        with self._open() as handle:
            for part in self._chunks(handle, dtype="str", usecols=names):
                for name in names:
                    wanted[name].append(as_categories(part[name]))
        return {name: joined(found) for name, found in wanted.items()}

    @property
    def _is_filtered(self) -> bool:
        return self.dialect.ragged == "drop"

    def _open(self) -> Any:
        if self._is_filtered:
            return FittingRows(self.path, self.dialect, len(self.names))
        return self.path.open("rb")

    def refuse_short_rows(self, last: pd.Series) -> None:
        """Raise a ReadingError where rows end early."""
        # The head was checked at the upload, and a row that ends early lacks its last cell.
        if self._is_filtered or self.path.stat().st_size <= HEAD_BYTES or not last.isna().any():
            return
        refuse_short_rows(self.path, self.dialect, len(self.names), len(last))

    def _chunks(self, handle: Any, **options: Any) -> Iterator[pd.DataFrame]:
        dialect = self.dialect
        try:
            with pd.option_context("mode.max_threads", self.threads):
                found = pd.read_csv(
                    handle,
                    sep=r"\s+" if dialect.separator == BLANK else dialect.separator,
                    decimal=dialect.decimal,
                    encoding="utf-8" if self._is_filtered else dialect.encoding,
                    encoding_errors=dialect.errors,
                    names=self.names,
                    header=None,
                    skiprows=0 if self._is_filtered else dialect.skip + int(dialect.header),
                    na_values={
                        column.name: _MISSING_BUT_NA if column.keeps_na else _MISSING
                        for column in self.columns
                    },
                    keep_default_na=False,
                    # A path or a compressed stream must never be opened by pandas itself.
                    compression=None,
                    engine="c",
                    **{"chunksize": max(1000, _CELLS_PER_CHUNK // len(self.names)), **options},
                )
                for part in [found] if isinstance(found, pd.DataFrame) else found:
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
                f"{ragged_remedy(self.dialect.separator)}"
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
            f"{where} there are bytes that are not {encoding} text. Correct them, or choose "
            "another encoding on the page of the table."
        )


def _is_foreign(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return True
    return False


def _type_of(column: Column) -> str:
    """Return the dtype that pandas is told for a column; nothing for one of plain numbers."""
    if column.kind == NUMBER and column.plain and not column.chosen:
        return ""
    if column.kind == TEXT or column.chosen or column.distinct > _MANY:
        return "str"
    if not all(map(_is_word, column.examples)):
        return "str"
    return "category"


def _is_word(cell: str) -> bool:
    # Of categories that all look like numbers or truth, pandas makes numbers or truth.
    try:
        float(cell)
    except ValueError:
        return cell.lower() not in {"true", "false"}
    return False


def _is_as_asked(values: pd.Series, types: dict[str, str], name: str) -> bool:
    """Tell whether pandas kept text as text, and found numbers only where these were expected."""
    if name not in types:
        return _is_number(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return not values.cat.categories.size or is_string_dtype(values.cat.categories.dtype)
    return True


def _is_number(values: pd.Series) -> bool:
    # A chunk without any value is read as numbers that are all missing, which is fine.
    return is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype)
