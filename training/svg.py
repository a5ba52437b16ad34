"""Writing a figure as an SVG whose ink follows the light or dark scheme of the page."""

from __future__ import annotations

import io
import warnings
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

ACCENT, SECOND, FAINT = "#3b82f6", "#f59e0b", "#8a94a3"
# No drawing uses this colour for anything else: it is replaced by the ink of the page.
INK = "#4b5669"
STYLE = {
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
_SCHEME = (
    "<style>:root{--ink:#374151}"
    "@media (prefers-color-scheme: dark){:root{--ink:#d1d5db}}</style>"
)


def write(figure: Figure, path: Path, title: str) -> None:
    """Write the figure; text stays text, so that any script is drawn with the reader's fonts."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # Measured with a font that may lack a letter; the reader's browser has its own.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None}
        )
    drawing = buffer.getvalue()
    head, tag, body = drawing.partition("<defs>")
    named = f"{head}<title>{escape(title)}</title>{_SCHEME}{tag}{body}"
    path.write_text(named.replace(INK, "var(--ink)"), encoding="utf-8")
