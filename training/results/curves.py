"""Curves of several models in one picture, from the points that a training has kept of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TITLES = {
    "roc": ("ROC curves", "False positive rate", "True positive rate"),
    "precision_recall": ("Precision and recall", "Recall", "Precision"),
}
MOST = 6  # more lines than that cannot be told apart
_LEFT, _TOP, _SIZE = 52, 12, 300  # of the square in which the lines are drawn
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One model: its label, and its points in the coordinates of the drawing."""

    label: str
    points: str
    number: int


@dataclass(frozen=True, slots=True)
class Overlay:
    """One picture: title, names of the axes, ticks and the lines."""

    name: str
    title: str
    across: str
    up: str
    ticks: tuple[tuple[str, float, float], ...]
    lines: tuple[Line, ...]


def curves_file(key: str) -> str:
    """Return the name of the file with the points of a model."""
    return f"{key}-curves.json"


def overlays(models: Iterable[tuple[str, str, Path]]) -> list[Overlay]:
    """Return the pictures of models that have curves, each a label, a key and a folder."""
    found = [(label, points) for label, key, folder in models if (points := _read(folder, key))]
    found = found[:MOST]
    if len(found) < 2:
        return []
    ticks = tuple((f"{value:g}", _x(value), _y(value)) for value in _TICKS)
    return [
        Overlay(name, *words, ticks, tuple(_lines(name, found)))
        for name, words in TITLES.items()
        if all(name in points for _, points in found)
    ]


def _read(folder: Path, key: str) -> dict[str, Any]:
    try:
        return json.loads((folder / curves_file(key)).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # of a version that kept none, or no such problem
        return {}


def _lines(name: str, found: Sequence[tuple[str, dict[str, Any]]]) -> Iterable[Line]:
    for number, (label, points) in enumerate(found, start=1):
        placed = " ".join(f"{_x(x)},{_y(y)}" for x, y in points[name])
        yield Line(label, placed, number)


def _x(value: float) -> float:
    return round(_LEFT + _SIZE * value, 1)


def _y(value: float) -> float:
    return round(_TOP + _SIZE * (1 - value), 1)
