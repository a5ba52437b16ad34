"""From bytes to text: refuse what is no text, find the encoding of the rest."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from training.tables.schema import ReadingError

# UTF-8 in which a few bytes are broken: they become U+FFFD, and the rest stays what it is.
REPAIRED = "utf-8 repaired"
CHOICES = (
    ("utf-8", "UTF-8"),
    (REPAIRED, "UTF-8, with what is unreadable replaced by \ufffd"),
    ("utf-8-sig", "UTF-8 with a byte-order mark"),
    ("utf-16", "UTF-16"),
    ("cp1252", "Western European (Windows-1252)"),
    ("iso8859-15", "Western European (Latin-9)"),
    ("mac_roman", "Western European (old Macintosh)"),
    ("cp850", "Western European (DOS)"),
    ("cp1250", "Central European (Windows-1250)"),
    ("cp1251", "Cyrillic (Windows-1251)"),
    ("koi8_r", "Cyrillic (KOI8-R)"),
    ("cp1253", "Greek (Windows-1253)"),
    ("cp1254", "Turkish (Windows-1254)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("euc_jp", "Japanese (EUC)"),
    ("cp949", "Korean (EUC-KR)"),
)

_UNPACK = "Unpack it and upload the table inside."
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Export the table as CSV."),
    (b"%PDF-", "a PDF document", "Upload the table as CSV."),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", "Upload a table as CSV."),
    (b"\xff\xd8\xff", "a JPEG picture", "Upload a table as CSV."),
    (b"GIF8", "a GIF picture", "Upload a table as CSV."),
    (b"\x7fELF", "a program", "Upload a table as CSV."),
    (b"\x80\x04\x95", "a Python pickle", "Save the table with to_csv() and upload that."),
    (b"\x80\x05\x95", "a Python pickle", "Save the table with to_csv() and upload that."),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Only these guesses are believed: the guesser mixes up the code pages of Latin letters, and of
# those Windows-1252 is by far the most frequent in tables.
_NOT_LATIN = {
    "cp1251": "cp1251",
    "koi8_r": "koi8_r",
    "koi8_u": "koi8_r",
    "mac_cyrillic": "cp1251",
    "iso8859_5": "iso8859-5",
    "cp866": "cp866",
    "cp1253": "cp1253",
    "iso8859_7": "cp1253",
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5",
    "big5hkscs": "big5",
    "cp950": "big5",
    "shift_jis": "shift_jis",
    "cp932": "shift_jis",
    "euc_jp": "euc_jp",
    "cp949": "cp949",
    "euc_kr": "cp949",
    "johab": "cp949",
}
_BLOCK = 1 << 20
_CONTEXT = 32 * 1024


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
    return b"".join(lines)[:_CONTEXT]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a head, how it was decoded, and whether the encoding is only a guess."""

    text: str
    encoding: str
    guessed: bool = False
    errors: str = "strict"


# A letter beyond ASCII with one of a to z beside it.
_INSIDE_WORDS = re.compile(r"(?<=[A-Za-z])[^\W\d_a-zA-Z]|[^\W\d_a-zA-Z](?=[a-z])")


def decode(head: bytes, complete: bool, encoding: str = "", rest: Survey = NOTHING) -> Decoded:
    """Return the text of a head. `rest` is what was seen in the whole file."""
    refuse_named_formats(head)
    if encoding == REPAIRED:
        return Decoded(head.decode("utf-8", "replace"), "utf-8", False, "replace")
    if encoding:
        return Decoded(_decode_as(head, complete, encoding), encoding)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Decoded(_decode_as(head, complete, name), name)
    silent = _utf16_without_mark(head)
    if silent:
        return Decoded(_decode_as(head, complete, silent), silent)
    if b"\x00" in head or rest.nul_line:
        line = rest.nul_line or head.count(b"\n", 0, head.index(b"\x00")) + 1
        raise ReadingError(
            f"This file holds binary data (NUL bytes, first in line {line}), not text. Upload a "
            "table as CSV."
        )
    return _decode_unmarked(head, complete, rest)


def _decode_unmarked(head: bytes, complete: bool, rest: Survey) -> Decoded:
    try:
        text = _strict(head, "utf-8", complete)
    except UnicodeDecodeError:
        name = _guess(head)
        return Decoded(_decode_as(head, complete, name), name, True)
    if not rest.foreign_line:
        return Decoded(text, "utf-8")
    if rest.has_utf8 or not rest.telling:
        raise ReadingError(
            f"Line {rest.foreign_line} is not UTF-8 text (byte {rest.foreign_byte:#04x}), though "
            "the lines before it are. Correct that line, or choose “UTF-8, with what is unreadable "
            "replaced” as the encoding."
        )
    # Up to there it was plain ASCII, which says nothing.
    name = _guess(rest.telling)
    return Decoded(_decode_as(head, complete, name), name, True)


def refuse_named_formats(head: bytes) -> None:
    """Raise a ReadingError that names the format where the file begins like one that is no text."""
    for magic, what, remedy in _MAGIC:
        if head.startswith(magic):
            raise ReadingError(f"This is {what}, not CSV. {remedy}")


def _strict(head: bytes, encoding: str, complete: bool) -> str:
    # The head may end in the middle of a character: only a complete file has to end cleanly.
    return codecs.getincrementaldecoder(encoding)("strict").decode(head, final=complete)


def _decode_as(head: bytes, complete: bool, encoding: str) -> str:
    try:
        return _strict(head, encoding, complete)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise ReadingError(
            f"Line {line} is not {encoding} text (byte {error.object[error.start]:#04x}). "
            "Choose another encoding."
        ) from error
    except LookupError as error:
        raise ReadingError(f"There is no encoding named “{encoding}”. Choose another.") from error


def _utf16_without_mark(head: bytes) -> str:
    sample = head[:4096]
    even, odd = sample[0::2], sample[1::2]
    if len(sample) < 4 or not any(sample):
        return ""
    if odd.count(0) > 0.4 * len(odd) and even.count(0) == 0:
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) == 0:
        return "utf-16-be"
    return ""


def _is_mixed(text: str) -> bool:
    """Tell whether letters of another script stand in the middle of Latin words: a bad guess."""
    foreign = sum(1 for char in text if not char.isascii() and char.isalpha())
    return 2 * len(_INSIDE_WORDS.findall(text)) > foreign


def _guess(head: bytes) -> str:
    # Lines of plain ASCII say nothing about the encoding and drown the few that do.
    telling = [line for line in head.splitlines(keepends=True) if not line.isascii()]
    best = from_bytes(b"".join(telling)[:32768]).best()
    if best is not None and best.encoding in _NOT_LATIN and not _is_mixed(str(best)):
        return _NOT_LATIN[best.encoding]
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "iso8859-15"
    return "cp1252"
