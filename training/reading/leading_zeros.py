"""Codes such as 007: in the bytes of a file, and in columns that were read as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from training.tables.rows import BLANK
from training.tables.schema import Dialect

_IN_CACHE = 1 << 17
_QUOTE = ord('"')
_ZERO = np.uint8(ord("0"))


def count_codes(source: Any, dialect: Dialect) -> int:
    """Count the cells that begin a code such as 007; too many where quotation marks are astray."""
    tail, quoted, astray = b"" if dialect.skip or dialect.header else b"\n", False, False
    outside = everywhere = 0
    ends = dialect.separator.encode() + (b"\t\n\r" if dialect.separator == BLANK else b"\n\r")
    while block := source.read(_IN_CACHE):
        # Without NUL, one search serves UTF-16 as well.
        seen = tail + block.replace(b"\x00", b"")
        codes = np.frombuffer(seen, dtype=np.uint8)
        starts = _is_one_of(codes, [end for end in ends if end in seen])
        zeros = codes[1:-1] == _ZERO
        zeros &= codes[2:] - _ZERO < 10  # what is less than zero wraps around
        everywhere += int(np.count_nonzero(starts[:-2] & zeros))
        if quoted or b'"' in seen:
            marks = codes == _QUOTE
            inside = np.bitwise_xor.accumulate(marks) ^ quoted
            opening = marks & inside
            everywhere += int(np.count_nonzero(opening[:-2] & zeros))
            astray = astray or bool((opening[1:] & ~(starts | marks)[:-1]).any())
            # A comma inside of quotation marks may stand before the hundreds of a thousand.
            starts = np.where(inside, marks, starts)
            quoted = bool(inside[-3]) if len(inside) > 2 else quoted
        outside += int(np.count_nonzero(starts[:-2] & zeros))
        tail = seen[-2:]
    return everywhere if astray else outside


def _is_one_of(codes: np.ndarray, ends: list[int]) -> np.ndarray:
    """Return for each byte whether it is one of these."""
    found = np.zeros(len(codes), dtype=bool)
    for end in ends:
        found |= codes == end
    return found


def codes_in(values: pd.Series) -> int:
    """Count the cells of a column of text that start like 007."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return sum(map(_is_code, values.tolist())) if values.dtype == "str" else 0
    cells = values.cat.categories.tolist()
    codes = [place for place, cell in enumerate(cells) if _is_code(cell)]
    return int(np.isin(values.cat.codes.to_numpy(), codes).sum()) if codes else 0


def _is_code(cell: object) -> bool:
    return isinstance(cell, str) and cell[:1] == "0" and cell[1:2].isdecimal()
