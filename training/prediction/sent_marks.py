"""Units, currencies and percent signs of rows that were sent, against those of the training."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from training.cells.durations import MARKS as DURATIONS
from training.cells.marks import in_mark
from training.cells.units import PERCENT, is_certain
from training.results.input_schema import Input
from training.tables.schema import ReadingError
from training.text import shown


def percent_scales(
    texts: pd.Series,
    cells: list[str],
    found: Mapping[int, tuple[float, str | None]],
    item: Input,
) -> dict[int, float]:
    """Return place of a cell -> its factor, for percentages on one side and shares on the other.

    `found` has place -> number and mark, of the cells that spell a number.
    Raises ReadingError if nobody can tell whether 0.5 is a share or half of a per cent.
    """
    column = item.column
    highest = max(abs(column.low or 0.0), abs(column.high or 0.0))
    signed = [place for place, (_, mark) in found.items() if mark == PERCENT]
    plain = [place for place, (number, mark) in found.items() if not mark and number]
    if column.mark == PERCENT and plain:
        if any(abs(found[place][0]) > 1 for place in plain):
            return {}
        if signed or highest <= 1:
            raise ReadingError(_percent_doubt(texts, cells, item, plain[0], "a share or"))
        return dict.fromkeys(plain, 100.0)
    if column.mark == "" and signed:
        if highest <= 1:
            return dict.fromkeys(signed, 0.01)
        raise ReadingError(_percent_doubt(texts, cells, item, signed[0], "so many or"))
    return {}


def _percent_doubt(texts: pd.Series, cells: list[str], item: Input, place: int, what: str) -> str:
    row = row_of(texts, place)
    sign = "with" if item.column.mark == PERCENT else "without"
    return (
        f"“{cells[place]}” of “{shown(item.name)}” in row {row:,} can be {what} a percentage. In "
        f"the training this column was written {sign} a percent sign, up to {item.column.high:g}. "
        "Write the cells as in the training."
    )


def refuse_other_marks(
    texts: pd.Series,
    cells: list[str],
    found: Mapping[int, tuple[float, str | None]],
    item: Input,
) -> None:
    """Raise ReadingError if a number is given in what cannot be converted with certainty.

    `found` is as for percent_scales. A word that is no known unit is no number here.
    """
    known = item.column.mark
    for place, (number, found_mark) in found.items():
        mark = found_mark or ""
        is_clear = known in DURATIONS if not mark else mark in DURATIONS or is_certain(mark)
        if not number or not is_clear or in_mark(number, mark, known) is not None:
            continue
        raise ReadingError(
            f"“{cells[place]}” of “{shown(item.name)}” in row {row_of(texts, place):,} is given "
            f"{_as(mark)}. In the training this column was written {_as(known)}, and one cannot "
            "be converted into the other. Write the cells as in the training."
        )


def _as(mark: str) -> str:
    if not mark:
        return "as numbers alone"
    return f"as {mark}" if mark in DURATIONS else f"in {mark}"


def row_of(texts: pd.Series, place: int) -> int:
    """Return the first row, counted from 1, that holds the category at a place."""
    return int(texts.index[texts.cat.codes.to_numpy() == place][0]) + 1
