"""The cells of one column of sent rows -> its values, as the training reads the same text.

What the training knows (marks of numbers, order of dates, units, spellings) is not guessed again.
If a file leaves no doubt that it writes otherwise, its cells are converted, counted and named; if
there is doubt, the file is refused with a question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd

from training.cells.dates import find_date_format, is_ambiguous_date, parse_date, zones_in
from training.cells.durations import MARKS as DURATIONS
from training.cells.numbers import spelled
from training.cells.spelling import by_fold, fold, visible
from training.prediction.sent_marks import percent_scales, refuse_other_marks, row_of
from training.reading.conversion import categorised, converted, dates_in, mapped, number_in
from training.results.input_schema import Input, Inputs
from training.tables.column_kind import forced_number, has_value
from training.tables.number_format import find_numerals
from training.tables.schema import BOOLEAN, DATE, NUMBER, TEXT, Column, Dialect, ReadingError
from training.text import counted, listed, shown

_TRUE = frozenset(("true", "yes", "y", "t", "1"))
_FALSE = frozenset(("false", "no", "n", "f", "0"))
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """The values of a column, (rows,), and sentences about cells that were converted, with counts.

    `odd` is whether a cell could not be read, (rows,).
    """

    values: pd.Series
    odd: np.ndarray
    converted: tuple[tuple[str, int], ...] = ()


def dialect_for(frame: pd.DataFrame, inputs: Inputs, own: Dialect, told: bool) -> Dialect:
    """Return the marks by which the numbers of sent rows are read: mostly those of the training.

    Those of the file count if its owner chose them or if its numbers can only be read so, or if the
    training never saw a mark. Raises ReadingError if it is not certain what 1,234 means.
    """
    known = inputs.dialect
    if known is None or told:
        return own
    names = [item.name for item in inputs.items if item.column.kind == NUMBER]
    cells = [list(frame[name].cat.categories[:_SAMPLE]) for name in names if name in frame]
    longest = max(map(len, cells), default=0)
    rows = (
        tuple(column[place] if place < len(column) else "" for column in cells)
        for place in range(longest)
    )
    found = find_numerals(rows, own.separator)
    if found.is_certain and (found.decimal != known.decimal or not inputs.has_marks):
        return replace(known, decimal=found.decimal, thousands=found.thousands)
    if inputs.has_marks:
        return replace(known, thousands=known.thousands or {".": ",", ",": "."}[known.decimal])
    if found.doubtful:
        raise ReadingError(
            f"“{shown(found.doubtful)}” can be read in two ways, and the training does not tell "
            "which: its table held whole numbers without marks. Send numbers without marks of "
            "thousands, or choose the decimal mark."
        )
    return replace(known, thousands=known.thousands or found.thousands)


def read_column(texts: pd.Series, item: Input, dialect: Dialect, own: Dialect) -> Read:
    """Return the values of one column; `texts` are categories. Raises ReadingError if in doubt."""
    cells = [visible(str(cell)) for cell in texts.cat.categories]
    filled = [has_value(cell, item.column) for cell in cells]
    if item.column.kind == NUMBER:
        return _numbers(texts, cells, filled, item, dialect)
    if item.column.kind == DATE:
        return _dates(texts, cells, filled, item, own)
    if item.column.kind == TEXT:
        return Read(converted(texts, item.column, dialect), np.zeros(len(texts), bool))
    return _words(texts, cells, filled, item)


def _numbers(
    texts: pd.Series,
    cells: list[str],
    filled: list[bool],
    item: Input,
    dialect: Dialect,
) -> Read:
    column = item.column
    placeholders = {cell.casefold() for cell in column.placeholders}
    found = {
        place: one
        for place, cell in enumerate(cells)
        if filled[place] and (one := spelled(cell, dialect.decimal, dialect.thousands))
    }
    scales = percent_scales(texts, cells, found, item)
    if not column.chosen:
        refuse_other_marks(texts, cells, found, item)
    values = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        if not filled[place] or cell.casefold() in placeholders:
            filled[place] = False
            continue
        number = found[place][0] if place in scales else _number(cell, column, dialect)
        if number is not None and np.isfinite(number):
            values[place] = number * scales.get(place, 1.0)
    read = mapped(texts, values)
    said = [
        (f"“{shown(item.name)}”: {counted(count, 'number')} {sentence}", count)
        for sentence, places in _conversions(column, found, values, scales)
        if (count := _count(texts, places))
    ]
    return Read(read, _odd(texts, read, filled), tuple(said))


def _conversions(
    column: Column,
    found: Mapping[int, tuple[float, str | None]],
    values: np.ndarray,
    scales: Mapping[int, float],
) -> Iterator[tuple[str, Collection[int]]]:
    """Yield what was done to numbers, and the places of the cells to which it was done.

    `found` has place -> number and mark, `values` (cells,) the numbers in the column's mark.
    """
    yield "converted to the percentages of the training.", scales
    others: dict[str, list[int]] = {}
    for place, (_, mark) in found.items():
        if place not in scales and mark != column.mark and np.isfinite(values[place]):
            others.setdefault(mark or "", []).append(place)
    bare = [place for place in others.pop("", ()) if values[place]]
    if column.mark:
        yield f"without “{column.mark}” read as if it were there.", bare
    if column.mark and column.mark not in DURATIONS:
        for mark, places in others.items():
            yield f"converted from {mark} to {column.mark}.", places


def _number(cell: str, column: Column, dialect: Dialect) -> float | None:
    if column.chosen and not column.mark:
        return forced_number(cell, dialect)
    return number_in(cell, column, dialect, bare=True)


def _dates(
    texts: pd.Series, cells: list[str], filled: list[bool], item: Input, own: Dialect
) -> Read:
    column = item.column
    there = [cell for cell, is_filled in zip(cells, filled, strict=True) if is_filled]
    date_format, converted = column.date_format, ""
    if not all(parse_date(cell, date_format) for cell in there):
        other = find_date_format(there, own.dates)
        if other and (own.dates or not is_ambiguous_date(there, other)):
            date_format = other
            converted = "in another order of day and month than in the training"
        elif other:
            raise ReadingError(
                f"“{shown(there[0])}” of “{shown(item.name)}” can have day or month first, and the "
                "training does not tell: its dates were written otherwise. Choose the order of "
                "dates, or write them as 2024-12-31."
            )
    _refuse_other_zones(texts, cells, there, item, date_format)
    values = mapped(texts, dates_in(cells, date_format))
    count = int(values.notna().sum()) if converted else 0
    sentence = f"“{shown(item.name)}”: {counted(count, 'date')} {converted}."
    said = ((sentence, count),) if count else ()
    return Read(values, _odd(texts, values, filled), said)


def _refuse_other_zones(
    texts: pd.Series, cells: list[str], there: list[str], item: Input, date_format: str
) -> None:
    known = item.column.zone
    here = zones_in(there, date_format)
    if not known or not here:
        return
    zoned = here != "none"
    if zoned != (known == "all") and known != "some":
        first = next(c for c in there if parse_date(c, date_format))
        row = row_of(texts, cells.index(first))
        has, had = ("have an", "had none") if zoned else ("have no", "had one")
        raise ReadingError(
            f"The times of “{shown(item.name)}” {has} offset from UTC (“{shown(first)}” in row "
            f"{row:,}); in the training they {had}. Write them as in the training."
        )


def _words(texts: pd.Series, cells: list[str], filled: list[bool], item: Input) -> Read:
    """Return categories in the spelling of the training."""
    known = by_fold(item.values)
    truth = _truth_words(item)
    names, changed = [], []
    for place, cell in enumerate(cells):
        name = cell
        if filled[place] and cell not in item.values:
            folded = fold(cell)
            name = known.get(folded) or truth.get(folded) or cell
            if name != cell:
                changed.append(place)
        names.append(name)
    values = categorised(texts, [n if f else None for n, f in zip(names, filled, strict=True)])
    read, count = np.zeros(len(texts), bool), _count(texts, changed)
    if not count:
        return Read(values, read)
    pairs = listed([f"{cells[place]} as {names[place]}" for place in islice(changed, 4)], 3)
    sentence = (
        f"“{shown(item.name)}”: {counted(count, 'cell')} spelled otherwise, read as in the "
        f"training ({pairs})."
    )
    return Read(values, read, ((sentence, count),))


def _truth_words(item: Input) -> dict[str, str]:
    """Return folded word -> word of the training that means the same, for yes and no."""
    if item.column.kind != BOOLEAN:
        return {}
    found: dict[str, str] = {}
    for words in (_TRUE, _FALSE):
        own = [value for value in item.values if fold(value) in words]
        if len(own) == 1:
            found |= dict.fromkeys(words, own[0])
    return found


def _odd(texts: pd.Series, values: pd.Series, filled: list[bool]) -> np.ndarray:
    there = np.array([*filled, False])[texts.cat.codes.to_numpy()]
    return values.isna().to_numpy() & there


def _count(texts: pd.Series, places: Collection[int]) -> int:
    chosen = np.zeros(len(texts.cat.categories) + 1, bool)
    chosen[list(places)] = True
    return int(chosen[texts.cat.codes.to_numpy()].sum())
