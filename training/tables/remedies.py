"""Other readings of a table that was refused: those that work, to be offered as buttons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.tables.encoding import CHOICES, REPAIRED, survey
from training.tables.preview import HEAD_BYTES, preview
from training.tables.rows import SEPARATOR_NAMES
from training.tables.schema import Preview, ReadingError

MOST = 3
_ENCODINGS = (REPAIRED, "cp1252")


@dataclass(frozen=True, slots=True)
class Remedy:
    """An import option with the value that makes the table readable, and what a button says."""

    option: str
    value: str
    label: str


def remedies(path: Path, choices: Mapping[str, Any]) -> tuple[Remedy, ...]:
    """Return the import options of which each alone makes a refused text file a table."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    size, seen = path.stat().st_size, survey(path)

    def read(remedy: Remedy) -> Preview | None:
        try:
            return preview(head, size, {**choices, remedy.option: remedy.value}, rest=seen)
        except ReadingError:
            return None

    found: list[Remedy] = []
    for remedy in _candidates(choices):
        if len(found) < MOST and (shown := read(remedy)) is not None:
            found.append(_counted(remedy, shown))
    return tuple(found)


def _candidates(choices: Mapping[str, Any]) -> Iterator[Remedy]:
    for option in ("encoding", "separator", "decimal", "header", "skip", "total"):
        if option in choices:
            yield Remedy(option, "", f"Detect automatically: {option}")
    if choices.get("ragged") != "drop":
        yield Remedy("ragged", "drop", "Leave out lines of another width and go on")
    for separator, name in SEPARATOR_NAMES.items():
        if separator not in (choices.get("separator"), " "):
            yield Remedy("separator", separator, f"Read with the separator: {name}")
    labels = dict(CHOICES)
    for encoding in _ENCODINGS:
        yield Remedy("encoding", encoding, f"Read as {labels[encoding]}")


def _counted(remedy: Remedy, shown: Preview) -> Remedy:
    """Return the remedy with the number of lines that it leaves out, if all of them are known."""
    if remedy.option != "ragged" or not shown.complete or not shown.dropped:
        return remedy
    lines = "1 line" if shown.dropped == 1 else f"{shown.dropped:,} lines"
    return Remedy(remedy.option, remedy.value, f"Leave out {lines} and go on")
