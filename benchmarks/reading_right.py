"""How many awkward tables are read right: the site beside a plain pandas script.

The tables are those of the tests: whole files, columns of cells, separators, and files that must be
refused. `--annotated LIST` adds files with known separators: a list of lines
`name|encoding|separator|...` beside a folder of its files, as collections of messy CSV files
publish them; only their separators are judged.
"""

import io
import math
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tests.support.awkward_tables import READ, REFUSED
from tests.support.text_meanings import MEANINGS, SEPARATORS, column, separated
from training.reading.reader import read
from training.tables.preview import read_preview
from training.tables.schema import ReadingError
from training.unpacking.unpack import Limits, unpack

RIGHT, ASKED, REFUSED_TRULY, SAID, SILENT = (
    "right", "right, with a question", "refused", "wrong, and said", "wrong in silence",
)  # fmt: skip
NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "vslash": "|", "space": " "}


def tables() -> Iterator[tuple[str, bytes, dict, Any]]:
    """Name, content, choices and the right answer: (row, column, value), or None to refuse."""
    for name, (data, told, *_, where, _) in READ.items():
        yield name, data, told, where
    for name, (cells, right, _, separator) in MEANINGS.items():
        data = column(cells, separator=separator).encode()
        for row, value in enumerate(right):
            yield f"{name} {row}", data, {}, (row, "x", value)
    for name, (*_, names) in SEPARATORS.items():
        yield name, separated(name).encode(), {}, (0, names[-1], None)
    for name, (data, told, _) in REFUSED.items():
        yield name, data, told, None


def judged(data: bytes, told: dict, right: Any, folder: Path) -> str:
    """How the site reads one table."""
    path = folder / "table"
    path.write_bytes(data)
    try:
        unpack(path, Limits(1024, 4096, 4096))
        seen = read_preview(path, told)
        table = read(path, seen.dialect, seen.columns)
    except ReadingError:
        return REFUSED_TRULY if right is None else SAID
    doubts = any("certain" in said or "two ways" in said for said in seen.warnings)
    if right is not None and is_right(table.frame, *right):
        return ASKED if doubts else RIGHT
    return SAID if seen.warnings or table.warnings else SILENT


def judged_of_pandas(data: bytes, right: Any) -> str:
    """How pandas reads it with a separator that it finds itself."""
    try:
        frame = pd.read_csv(io.BytesIO(data), sep=None, engine="python")
    except Exception:
        return REFUSED_TRULY if right is None else SAID
    return RIGHT if right is not None and is_right(frame, *right) else SILENT


def is_right(frame: pd.DataFrame, row: int, name: str, value: Any) -> bool:
    """Whether a cell is what it means; without a value, whether its column is there."""
    if name not in frame.columns or row >= len(frame):
        return False
    if value is None:
        return True
    found = frame[name].iloc[row]
    if isinstance(value, int | float) and isinstance(found, int | float):
        return math.isclose(found, value, rel_tol=1e-9)
    return bool(found == value)


def annotated(listing: Path) -> None:
    """Print how many separators of a published collection are found."""
    counts: Counter[str] = Counter()
    files = {path.name: path for path in listing.parent.rglob("*") if path.is_file()}
    for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
        name, *rest = line.split("|")
        if len(rest) < 2 or name not in files or rest[1] not in NAMES:
            continue
        try:
            found = read_preview(files[name], {}).dialect.separator
            counts["right" if found == NAMES[rest[1]] else "wrong"] += 1
        except ReadingError:
            counts["refused"] += 1
    print(f"{listing.name}: separators {dict(counts)}")


def main(listings: list[Path]) -> int:
    """Print the counts of both; status 1 if the site reads a table wrong in silence."""
    ours, rival = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for name, data, told, right in tables():
            verdict = judged(data, told, right, Path(folder))
            ours[verdict] += 1
            rival[judged_of_pandas(data, right)] += 1
            if verdict in (SAID, SILENT):
                print(f"  {name}: {verdict}")
    for who, counts in (("jobsite", ours), ("pandas", rival)):
        print(f"{who:>8}: " + ", ".join(f"{counts[one]} {one}" for one in (
            RIGHT, ASKED, REFUSED_TRULY, SAID, SILENT)))  # fmt: skip
    for listing in listings:
        annotated(listing)
    return 1 if ours[SILENT] else 0
