"""A CSV file for spreadsheets, which take cells that begin like formulas for formulas. Light."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

_AT_ONCE = 1 << 16
_NUMBER = re.compile(r"[+-]?[\d.,' ]*\d[\d.,]*(?:[eE][+-]?\d+)?%?")


def guarded_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a CSV file in UTF-8, with a quotation mark before what begins a formula.

    As OWASP advises against CSV injection.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.reader(file):
            writer.writerow(map(guarded, cells))
            if lines.tell() > _AT_ONCE:
                yield lines.getvalue().encode()
                lines.seek(0)
                lines.truncate()
    yield lines.getvalue().encode()


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay as they are."""
    if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n"):
        return text if _NUMBER.fullmatch(text) else f"'{text}"
    return text
