"""What came packed becomes the table itself, within limits: gzip here, workbooks in a process."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobsite.jobs import slots
from jobsite.jobs.storage.files import alone_in
from training.tables.schema import ReadingError

_GZIP = b"\x1f\x8b"
# A zip (.xlsx, .ods), an old Office file (.xls), Parquet, Arrow.
_CONVERTED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"ARROW1")
_BLOCK = 1 << 20
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Limits:
    """MiB of the table as plain text, of memory on the way there, and of room on the disk."""

    file_mb: int
    memory_mb: int
    room_mb: int

    @property
    def most_mb(self) -> int:
        """MiB that may be written."""
        return min(self.file_mb, self.room_mb)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What lies at the path now: whether it was changed, and which sheet of which it is.

    `said` is a sentence about cells that were left out or filled.
    """

    changed: bool = False
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    said: str = ""


def unpack(
    path: Path,
    limits: Limits,
    sheet: str = "",
    original: Path | None = None,
    keep_blank: bool = False,
) -> Unpacked:
    """Make a packed file or a workbook a table of text where it lies.

    With `keep_blank`, blank rows between others are rows. A workbook of several sheets is kept as
    `original`, where that is given. Raises ReadingError for what is broken or grows too large; then
    the file is left as it was.
    """
    unzipped = _unzip(path, limits)
    with path.open("rb") as file:
        if not file.read(8).startswith(_CONVERTED):
            return Unpacked(unzipped)
    plain = path.with_name(f"{path.name}.plain")
    try:
        # Conversions take memory, and so they run one at a time.
        with slots.released(), alone_in(path.parent):
            found = _converted(path, plain, sheet, limits, keep_blank)
        if original is not None and len(found["sheets"]) > 1:
            path.replace(original)
        plain.replace(path)
    finally:
        plain.unlink(missing_ok=True)
    return Unpacked(True, tuple(found["sheets"]), found["sheet"], found["said"])


def _converted(
    path: Path, plain: Path, sheet: str, limits: Limits, keep_blank: bool
) -> dict[str, Any]:
    bounds = [str(limits.memory_mb), str(limits.most_mb)]
    command = [
        sys.executable,
        "-m",
        "training.unpacking.convert",
        str(path),
        str(plain),
        sheet,
        "keep" if keep_blank else "",
        *bounds,
    ]
    try:
        done = subprocess.run(
            command,
            cwd=Path(__file__).resolve().parents[2],
            env={"PATH": os.environ.get("PATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
        )
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise ReadingError(
            f"The file takes longer than {_PATIENCE} s to unpack. Upload the table as CSV."
        ) from error
    except ValueError as error:
        raise ReadingError(
            f"The file needs more memory to unpack than there is ({limits.memory_mb:,} MB), or it "
            "is broken. Upload the table as CSV."
        ) from error
    if found.get("too_large"):
        raise ReadingError(_too_large(limits))
    if "error" in found:
        raise ReadingError(found["error"])
    return dict(found)


def _unzip(path: Path, limits: Limits) -> bool:
    with path.open("rb") as file:
        if file.read(2) != _GZIP:
            return False
    plain = path.with_name(f"{path.name}.plain")
    try:
        _gunzip(path, plain, limits)
        plain.replace(path)
    finally:
        plain.unlink(missing_ok=True)
    return True


def _gunzip(packed: Path, plain: Path, limits: Limits) -> None:
    try:
        with gzip.open(packed) as source, plain.open("wb") as target:
            written = 0
            while block := source.read(_BLOCK):
                written += len(block)
                if written > limits.most_mb * 2**20:
                    raise ReadingError(_too_large(limits))
                target.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReadingError(
            f"The gzip file is broken or ends too early ({error}). Pack it again, or upload the "
            "table as it is."
        ) from error


def _too_large(limits: Limits) -> str:
    if limits.room_mb < limits.file_mb:
        return (
            f"Unpacked, the file is larger than the {limits.room_mb:,} MB for which the disk of "
            "this site has room. Delete tables that you do not need any more, or ask the operator "
            "for more space."
        )
    return (
        f"Unpacked, the file is larger than {limits.file_mb:,} MB, the limit of this site. Upload "
        "fewer rows or columns, or ask the operator to raise TRAINING_UPLOAD_MB."
    )
