"""The plot of permutation importance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from training.plots.figure import ACCENT, INK, STYLE, Plot, of_height, saved
from training.text import shown

_SHOWN_COLUMNS = 15
_LONGEST = 20  # letters of a name


def draw_importance(key: str, importance: Sequence[dict[str, Any]], target: str, out: Path) -> Plot:
    """Draw how much the score falls when a column is shuffled."""
    with mpl.rc_context(STYLE):
        top = list(importance)[:_SHOWN_COLUMNS][::-1]
        figure, axes = of_height(1.1 + 0.3 * len(top))
        axes.barh(
            [shown(entry["column"], _LONGEST) for entry in _unique(top)],
            [entry["mean"] for entry in top],
            xerr=[entry["std"] or 0.0 for entry in top],
            color=ACCENT,
            ecolor=INK,
        )
        axes.set_xlabel("Loss of score when shuffled")
        axes.axvline(0, color=INK, linewidth=0.8)
        best = top[-1] if top else None
        spread = ", bars ± spread" if any(entry["std"] is not None for entry in top) else ""
        sentence = (
            f"The model relies most on “{shown(best['column'])}”; it hardly needs the columns "
            f"whose bars are near zero to predict “{shown(target)}” (hold-out rows{spread})."
            if best
            else "No column was measured."
        )
        return saved(key, ("importance", "Permutation importance", sentence, figure), out)


def _unique(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Bars are named by their label: two long names that are cut to the same text would merge.
    labels = [shown(entry["column"], _LONGEST) for entry in entries]
    return [
        entry
        if labels.count(label) == 1
        else {**entry, "column": f"{position + 1}: {entry['column']}"}
        for position, (entry, label) in enumerate(zip(entries, labels, strict=True))
    ]
