"""The rows of a table beside pandas: freed of those of another width, or refused for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from training.tables.rows import BLANK, cells_in, numbered_rows, ragged_lines, ragged_remedy
from training.tables.schema import Dialect, ReadingError

_BLOCK = 1 << 20
_NAMED = 5
_QUOTE = ord('"')


class FittingRows(io.RawIOBase):
    """The rows of a table that have its width, as UTF-8 and without what stands before them."""

    def __init__(self, path: Path, dialect: Dialect, width: int) -> None:
        self._text = path.open(encoding=dialect.encoding, errors=dialect.errors, newline="")
        self._rows = rows_of(self._text, dialect)
        self._separator, self._width = dialect.separator, width
        self._left = b""
        self.dropped, self.lines, self.first = 0, list[int](), 0

    def readable(self) -> bool:
        """Tell pandas that this is a source."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with whole rows, as far as it goes."""
        if not self._left:
            self._left = self._more()
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def _more(self) -> bytes:
        text = io.StringIO(newline="")
        # Between blanks, an empty cell is there only in quotation marks.
        writer = csv.writer(
            text,
            delimiter=self._separator,
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if self._separator == BLANK else csv.QUOTE_MINIMAL,
        )
        for line, row in self._rows:
            if len(row) == self._width:
                writer.writerow(row)
                if text.tell() > _BLOCK:
                    break
            else:
                self._drop(line, row)
        return text.getvalue().encode()

    def _drop(self, line: int, row: list[str]) -> None:
        self.dropped += 1
        self.first = self.first or len(row)
        if len(self.lines) < _NAMED:
            self.lines.append(line)

    @property
    def sentence(self) -> str:
        """Which rows were left out, or nothing."""
        if not self.dropped:
            return ""
        sentence = ragged_lines(self.lines, self.dropped, self._width, self.first)
        return f"{sentence} Left out, as chosen."

    def close(self) -> None:
        self._text.close()
        super().close()


def rows_of(text: Any, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of data that are not blank, each with the line on which it begins."""
    skip = dialect.skip + int(dialect.header)
    for line, _, row in islice(numbered_rows(text, dialect.separator), skip, None):
        if row:
            yield line, row


def refuse_short_rows(path: Path, dialect: Dialect, width: int, rows: int) -> None:
    """Raise a ReadingError where rows end early: pandas fills such rows up in silence."""
    with path.open(encoding=dialect.encoding, errors=dialect.errors, newline="") as text:
        reader = cells_in(text, dialect.separator)
        before = list(islice(reader, dialect.skip + int(dialect.header)))
    expected = rows * (width - 1) + sum(max(0, len(row) - 1) for row in before)
    is_counted = dialect.separator != BLANK
    if is_counted and _separators(path, dialect.separator.encode()) == expected:
        return
    # Something is odd, perhaps only the quoting: look row by row, which takes its time.
    with path.open(encoding=dialect.encoding, errors=dialect.errors, newline="") as text:
        wrong = [(line, len(row)) for line, row in rows_of(text, dialect) if len(row) != width]
    if wrong:
        sentence = ragged_lines(
            [line for line, _ in wrong[:_NAMED]], len(wrong), width, wrong[0][1]
        )
        raise ReadingError(f"{sentence} {ragged_remedy(dialect.separator)}")


def _separators(path: Path, separator: bytes) -> int:
    """Count the separators that stand outside of quotation marks."""
    found, quoted = 0, False
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if b'"' not in block:
                found += 0 if quoted else block.count(separator)
                continue
            codes = np.frombuffer(block, dtype=np.uint8)
            inside = np.bitwise_xor.accumulate(codes == _QUOTE) ^ quoted
            found += int(np.count_nonzero((codes == separator[0]) & ~inside))
            quoted = bool(inside[-1])
    return found
