"""A table that came as gzip becomes the table itself, within a limit: small bombs grow large."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from training.table import ReadingError

_MAGIC = b"\x1f\x8b"
_BLOCK = 1 << 20


def unpack_in_place(path: Path, limit: int) -> bool:
    """Unpack a gzip file where it lies; False: it is none, and nothing was done.

    Raises ReadingError where it is broken or unpacks to more than `limit` bytes.
    """
    with path.open("rb") as file:
        if file.read(2) != _MAGIC:
            return False
    plain = path.with_name(f"{path.name}.plain")
    try:
        _unpack(path, plain, limit)
        plain.replace(path)
    finally:
        plain.unlink(missing_ok=True)
    return True


def _unpack(packed: Path, plain: Path, limit: int) -> None:
    try:
        with gzip.open(packed) as source, plain.open("wb") as target:
            written = 0
            while block := source.read(_BLOCK):
                written += len(block)
                if written > limit:
                    raise ReadingError(
                        f"Unpacked, the file is larger than {limit // 2**20:,} MB, the limit of "
                        "this site. Send fewer rows or columns, or ask the operator to raise "
                        "TRAINING_UPLOAD_MB."
                    )
                target.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReadingError(
            f"The gzip file is broken or ends too early ({error}). Pack it again, or send the "
            "table as it is."
        ) from error
