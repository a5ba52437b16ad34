"""A figure with its title and its sentence, and how it becomes a file."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from training.results.files import dark_name


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


WIDTH = 3.7  # inches: on the narrowest card (312 px) the text of 10 pt has 11 px and more


def square() -> tuple[Figure, Any]:
    """Return a figure for a plot whose two axes are alike."""
    return of_height(3.5)


def of_height(inches: float) -> tuple[Figure, Any]:
    """Return a figure that is as wide as a card, labels included, and its axes."""
    figure = Figure(figsize=(WIDTH, inches), layout="constrained")
    return figure, figure.add_subplot()


ACCENT, SECOND, FAINT = "#3b82f6", "#f59e0b", "#8a94a3"

# No drawing uses this colour for anything else: it is replaced by the ink of the page.
INK = "#4b5669"

STYLE: Any = {
    # A column named $\frac{$ would raise otherwise.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "jobsite",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.8,
}

_DARK_INK = "#d1d5db"

_LIGHT_INK = "#374151"

_SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')


def write(figure: Figure, path: Path, title: str) -> tuple[int, int]:
    """Write the figure twice, with dark and with light ink, and return its width and height.

    Text stays text, so that any script is drawn with the fonts of the reader.
    """
    buffer = io.StringIO()
    with warnings.catch_warnings(), mpl.rc_context(STYLE):
        # Measured with a font that may lack a letter; the reader's browser has its own.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None}
        )
    head, tag, body = buffer.getvalue().partition("<defs>")
    drawing = f"{head}<title>{escape(title)}</title>{tag}{body}"
    path.write_text(drawing.replace(INK, _LIGHT_INK), encoding="utf-8")
    dark = path.with_name(dark_name(path.name))
    dark.write_text(drawing.replace(INK, _DARK_INK), encoding="utf-8")
    size = _SIZE.search(head)
    return (round(float(size[1])), round(float(size[2]))) if size else (640, 480)
