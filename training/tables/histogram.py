"""How the values of a column are spread over the first rows: bars with their counts. Light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from math import isfinite

from training.cells.dates import parse_date
from training.cells.missing import is_placeholder, present_cells
from training.tables.column_kind import infer_numbers, merged_counts
from training.tables.schema import DATE, NUMBER, TEXT, Bar, Column, Dialect
from training.text import shown

_BINS = 12
_MOST_WORDS = 6


def seen_column(
    name: str, counts: Mapping[str, int], dialect: Dialect, ordered: list[str]
) -> Column:
    """Return the column that these cells make up, with the spread of its values."""
    column, numbers = infer_numbers(name, counts, dialect, ordered)
    present = present_cells(counts, column.keeps_na)[0]
    if column.kind not in (NUMBER, DATE):
        present = present if column.kind == TEXT else merged_counts(present)
        most = sorted(present.items(), key=lambda pair: -pair[1])[:_MOST_WORDS]
        others = sum(present.values()) - sum(count for _, count in most)
        return replace(column, bars=tuple(Bar(shown(word), n) for word, n in most), others=others)
    left = {cell: count for cell, count in present.items() if not is_placeholder(cell)}
    if column.kind == DATE:
        days = ((_day(cell, column.date_format), count) for cell, count in left.items())
        return replace(column, bars=_bars(days, _as_day, True))
    spelled = zip(numbers, left.values(), strict=True)
    bars = _bars(spelled, _as_whole if column.integer else _as_number, column.integer)
    return replace(column, bars=bars)


def _bars(
    values: Iterable[tuple[float, int]], name: Callable[[float], str], whole: bool
) -> tuple[Bar, ...]:
    """Return a bar for each of a few whole values, else for each of some equal steps."""
    counts: Counter[float] = Counter()
    for value, count in values:
        if isfinite(value):
            counts[value] += count
    if not counts:
        return ()
    low, high = min(counts), max(counts)
    if len(counts) == 1 or (whole and len(counts) <= _BINS):
        return tuple(Bar(name(value), counts[value]) for value in sorted(counts))
    step = high / _BINS - low / _BINS
    heights = [0] * _BINS
    for value, count in counts.items():
        heights[min(_BINS - 1, int(value / step - low / step) if step else 0)] += count
    edges = [low + n * step for n in range(_BINS)] + [high]
    return tuple(
        Bar(f"{name(edges[n])} to {name(edges[n + 1])}", height) for n, height in enumerate(heights)
    )


def _day(cell: str, date_format: str) -> float:
    """Return the number of the day that a cell names."""
    moment = parse_date(cell, date_format)
    return float("nan") if moment is None else moment.at.toordinal()


def _as_day(value: float) -> str:
    return date.fromordinal(round(value)).isoformat()


def _as_whole(value: float) -> str:
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"


def _as_number(value: float) -> str:
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"
