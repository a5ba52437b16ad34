"""A figure with its title and its sentence, and how it becomes a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from training.svg import write


@dataclass(frozen=True, slots=True)
class Plot:
    """A file with a title and the one sentence that says how to read it."""

    algorithm: str
    name: str
    title: str
    sentence: str
    file: str
    width: int
    height: int

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a dict of JSON values."""
        return asdict(self)


Drawing = tuple[str, str, str, Figure]
"""Name, title, sentence and figure."""


def saved(key: str, drawing: Drawing, out: Path) -> Plot:
    """Write a drawing of a model."""
    name, title, sentence, figure = drawing
    file = f"{key}-{name}.svg"
    width, height = write(figure, out / file, title)
    return Plot(key, name, title, sentence, file, width, height)


def square() -> tuple[Figure, Any]:
    """Return a figure for a plot whose two axes are alike."""
    figure = Figure(figsize=(4.8, 4.4))
    return figure, figure.add_subplot()
