"""A quick look through a whole file: is it text, and in what encoding? Light: no pandas."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20
_TELLING = 32 * 1024


@dataclass(frozen=True, slots=True)
class Survey:
    """What stands behind the head of a file.

    `foreign_line` is the first line that is not UTF-8 (0: none), `foreign_byte` the byte there,
    `nul_line` the first with a NUL byte; `telling` holds lines that are not ASCII, for guessing,
    and `has_utf8` tells that characters beyond ASCII are spelled as UTF-8 somewhere before.
    """

    foreign_line: int = 0
    foreign_byte: int = 0
    nul_line: int = 0
    telling: bytes = b""
    has_utf8: bool = False


NOTHING = Survey()


def survey(path: Path) -> Survey:
    """Look through a file for bytes that are no UTF-8 text; stops at the first."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines, has_utf8 = 0, False
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if (place := block.find(b"\x00")) >= 0:
                return Survey(nul_line=_line(lines, block, place), has_utf8=has_utf8)
            pending, _ = decoder.getstate()
            try:
                if pending or not block.isascii():
                    decoder.decode(block)
                    has_utf8 = True
            except UnicodeDecodeError as error:
                place = max(0, error.start - len(pending))
                has_utf8 = has_utf8 or not block[:place].isascii()
                line = _line(lines, block, place)
                return Survey(
                    line, block[place], 0, _context_of(block[max(0, place - 200) :]), has_utf8
                )
            lines += block.count(b"\n")
    if decoder.getstate()[0]:
        return Survey(lines + 1, decoder.getstate()[0][0], 0, b"", has_utf8)
    return Survey(has_utf8=has_utf8)


def _line(before: int, block: bytes, place: int) -> int:
    return before + block.count(b"\n", 0, place) + 1


def _context_of(block: bytes) -> bytes:
    lines = [line for line in block.splitlines(keepends=True) if not line.isascii()]
    return b"".join(lines)[:_TELLING]
