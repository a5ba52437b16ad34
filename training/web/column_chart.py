"""The small bar chart of a column, as rectangles in a box."""

from __future__ import annotations

from dataclasses import dataclass

from training.tables.schema import DATE, NUMBER, Column
from training.text import shown

WIDTH, HEIGHT = 120, 28

_GAP = 1
_MOSTLY = 2 / 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """One bar of a drawing: its place in a box of WIDTH x HEIGHT, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The drawing of a column, and the line beside it."""

    bars: tuple[Drawn, ...]
    caption: str


def drawn(column: Column) -> Spread:
    """Return the bars of a column from left to right; the highest fills the box.

    Words that differ from row to row have no bars: their number says more.
    """
    if (
        column.kind not in (NUMBER, DATE)
        and column.others
        and column.distinct > _MOSTLY * _present(column)
    ):
        return Spread((), f"{column.distinct:,} different")
    highest = max((count for _, count in column.bars), default=0)
    width = WIDTH / max(1, len(column.bars))
    bars = []
    for n, (label, count) in enumerate(column.bars):
        # What is there at all can be seen.
        height = max(1.0, HEIGHT * count / highest) if count else 0.0
        top, left = round(HEIGHT - height, 2), round(n * width, 2)
        bars.append(Drawn(left, top, round(width - _GAP, 2), round(height, 2), label, count))
    return Spread(tuple(bars), _caption(column))


def _present(column: Column) -> int:
    return column.others + sum(bar.rows for bar in column.bars)


def _caption(column: Column) -> str:
    if column.kind not in (NUMBER, DATE) or not column.bars:
        return shown(" · ".join(bar.value for bar in column.bars), 60)
    first, last = column.bars[0][0].split(" to ")[0], column.bars[-1][0].split(" to ")[-1]
    return f"{first} to {last}" if first != last else first
