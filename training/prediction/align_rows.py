"""Rows that a model has never seen -> its columns; what does not fit is counted and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from training.reading.conversion import converted
from training.results.input_schema import Input, Inputs
from training.tables.schema import BOOLEAN, DATE, NUMBER, TEXT, Dialect, ReadingError
from training.text import listed, shown

ABSENT, EXTRA, UNREADABLE, UNSEEN, OUTSIDE, EMPTY = (
    "absent",
    "extra",
    "unreadable",
    "unseen",
    "outside",
    "empty",
)
_NOUNS = {NUMBER: "numbers", DATE: "dates"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact about the rows that the reader of the predictions should know."""

    what: str
    columns: tuple[str, ...]
    count: int
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a dict of JSON values."""
        return {
            "what": self.what,
            "columns": list(self.columns),
            "count": self.count,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Aligned:
    """The columns of a model, filled from the rows, and the findings."""

    features: pd.DataFrame
    findings: tuple[Finding, ...]


def texts_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows of a form or of JSON as columns of text, as the reader of files does."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {
        name: pd.Series([_text(row.get(name)) for row in rows], dtype="str").astype("category")
        for name in names
    }
    return pd.DataFrame(cells, index=range(len(rows)))


def _text(value: Any) -> str | None:
    return None if value is None or str(value).strip() == "" else str(value).strip()


def align(frame: pd.DataFrame, inputs: Inputs, target: str, dialect: Dialect) -> Aligned:
    """Return the features in the order of the training, whatever order the file has."""
    findings = list(_about_columns(frame, inputs, target))
    filled = {}
    for item in inputs.items:
        if item.name in frame.columns:
            filled[item.name], found = _column(frame[item.name], item, dialect)
            findings += found
        else:
            nothing = pd.Series([None] * len(frame), dtype="str").astype("category")
            filled[item.name] = converted(nothing, item.column, dialect)
    return Aligned(pd.DataFrame(filled), tuple(findings))


def _about_columns(frame: pd.DataFrame, inputs: Inputs, target: str) -> Iterator[Finding]:
    wanted = [item.name for item in inputs.items]
    absent = [name for name in wanted if name not in frame.columns]
    if len(absent) > len(wanted) / 2:
        raise ReadingError(
            f"The rows lack {len(absent)} of the {len(wanted)} columns that the model was trained "
            f"on: {listed(absent)}. They have {listed(list(map(str, frame.columns)), 8)}. Name the "
            "columns as in the training."
        )
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        yield Finding(
            ABSENT,
            tuple(absent),
            len(absent),
            f"{listed(absent, 20)} {verb} not in the file. The model was trained with it, so every "
            "row counts as having no value there, and the answers are less sure.",
        )
    extra = [str(name) for name in frame.columns if name not in wanted and name != target]
    if extra:
        verb = "was" if len(extra) == 1 else "were"
        yield Finding(
            EXTRA, tuple(extra), len(extra), f"{listed(extra)} {verb} not used by the model."
        )


def _column(texts: pd.Series, item: Input, dialect: Dialect) -> tuple[pd.Series, list[Finding]]:
    if item.column.kind == BOOLEAN:
        texts = _same_words(texts, item)
    values = converted(texts, item.column, dialect, bare=True)
    if values.dtype.kind == "f":
        values = values.mask(np.isinf(values.to_numpy()))
    found = [_unreadable(texts, values, item), _outside(values, item), _empty(texts, item)]
    if item.is_closed:
        found.append(_unseen(values, item))
    return values, [finding for finding in found if finding is not None]


def _unreadable(texts: pd.Series, values: pd.Series, item: Input) -> Finding | None:
    kind = item.column.kind
    odd = (values.isna() & texts.notna()).to_numpy()
    if kind not in _NOUNS or not odd.any():
        return None
    first, count = int(np.flatnonzero(odd)[0]), int(odd.sum())
    text = (
        f"“{shown(item.name)}”: {count:,} of {len(texts):,} cells are no {_NOUNS[kind]} (the first "
        f"is “{shown(str(texts.iloc[first]))}” in row {first + 1:,}); they count as missing."
    )
    return Finding(UNREADABLE, (item.name,), count, text)


def _outside(values: pd.Series, item: Input) -> Finding | None:
    column = item.column
    if column.kind != NUMBER or column.low is None or column.high is None:
        return None
    count = int(((values < column.low) | (values > column.high)).sum())
    text = (
        f"“{shown(item.name)}”: {count:,} of {len(values):,} numbers lie outside {column.low:g} to "
        f"{column.high:g}, which is all that the model has seen."
    )
    return Finding(OUTSIDE, (item.name,), count, text) if count else None


def _empty(texts: pd.Series, item: Input) -> Finding | None:
    count = int(texts.isna().sum())
    if not count or item.column.missing or item.column.kind == TEXT:
        return None
    text = (
        f"“{shown(item.name)}” has no value in {count:,} of {len(texts):,} rows; in the training "
        "none was empty."
    )
    return Finding(EMPTY, (item.name,), count, text)


def _unseen(values: pd.Series, item: Input) -> Finding | None:
    strange = sorted({str(name) for name in values.cat.categories} - set(item.values))
    count = int(values.isin(strange).sum())
    if not count:
        return None
    text = (
        f"“{shown(item.name)}”: {count:,} of {len(values):,} cells hold {listed(strange, 3)}, "
        "which the model has never seen; it answers without them."
    )
    return Finding(UNSEEN, (item.name,), count, text)


def _same_words(texts: pd.Series, item: Input) -> pd.Series:
    """Map spellings of yes and no to those of the training: TRUE in one file is True in another."""
    spelled = {word.lower(): word for word in item.values}
    words = texts.astype(object).map(lambda cell: spelled.get(str(cell).strip().lower(), cell))
    return words.astype("str").astype("category")
