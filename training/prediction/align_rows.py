"""Rows that a model has never seen -> its columns; what does not fit is counted and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from training.cells.spelling import by_fold, fold, visible
from training.prediction.read_cells import Read, dialect_for, read_column
from training.prediction.sent_rows import SentRows
from training.results.input_schema import Input, Inputs
from training.tables.column_kind import has_value
from training.tables.schema import DATE, NUMBER, TEXT, ReadingError
from training.text import listed, phrase, shown

ABSENT, EXTRA, RENAMED, CONVERTED, UNREADABLE, UNSEEN, OUTSIDE, EMPTY, UNREAD = (
    "absent",
    "extra",
    "renamed",
    "converted",
    "unreadable",
    "unseen",
    "outside",
    "empty",
    "unread",
)
_NOUNS = {NUMBER: "numbers", DATE: "dates"}
_NOTED = 3  # notes on one row of answers; more would make the column unreadable


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact about the rows that the reader of the predictions should know."""

    what: str
    columns: tuple[str, ...]
    count: int
    sentence: str

    def to_json(self) -> dict[str, object]:
        """Return the finding as a dict of JSON values."""
        return {
            "what": self.what,
            "columns": list(self.columns),
            "count": self.count,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Aligned:
    """The columns of a model, filled from the rows, and the findings.

    `features` has the rows that could be read, with their positions among all rows as its index.
    `notes` has position of a row -> what its reader should know.
    """

    features: pd.DataFrame
    findings: tuple[Finding, ...]
    notes: Mapping[int, str]


class _Notes:
    """The notes on each row, at most a few of them."""

    def __init__(self) -> None:
        self.found: dict[int, list[str]] = {}

    def add(self, row: int, note: str) -> None:
        noted = self.found.setdefault(row, [])
        if len(noted) < _NOTED:
            noted.append(note)

    def joined(self) -> dict[int, str]:
        return {row: "; ".join(noted) for row, noted in self.found.items()}


def align(sent: SentRows, inputs: Inputs, target: str, told: bool = False) -> Aligned:
    """Return the features in the order of the training, whatever order the file has.

    `told`: the sender chose how numbers are written. Raises ReadingError if the rows lack most
    columns, or if it is not certain what they mean.
    """
    frame, renamed = _as_named(_readable(sent), inputs, target)
    findings = [*renamed, *_about_columns(frame, inputs, target)]
    notes = _Notes()
    if sent.unread:
        findings.append(_unread(sent))
        for row, reason in sent.unread.items():
            notes.add(row, f"no prediction: {reason}")
    dialect = dialect_for(frame, inputs, sent.dialect, told)
    filled = {}
    for item in inputs.items:
        if item.name in frame.columns:
            texts = frame[item.name]
            read = read_column(texts, item, dialect, sent.dialect)
            findings += _about_cells(texts, read, item, notes)
            filled[item.name] = read.values
        else:
            nothing = pd.Series([None] * len(frame), index=frame.index, dtype="str")
            nothing = nothing.astype("category")
            filled[item.name] = read_column(nothing, item, dialect, sent.dialect).values
    features = pd.DataFrame(filled, index=frame.index)
    for row in features.index[features.isna().all(axis=1)].tolist():
        notes.add(row, "no value in any column of the model")
    return Aligned(features, tuple(findings), notes.joined())


def _readable(sent: SentRows) -> pd.DataFrame:
    """Return the rows whose cells fit the columns. Raises ReadingError if there is none."""
    if not sent.unread:
        return sent.frame
    if len(sent.unread) == len(sent.frame):
        raise ReadingError(
            f"No row can be read: {next(iter(sent.unread.values()))}, and so on. Send rows with as "
            "many cells as there are names, or choose the separator."
        )
    left = sent.frame.drop(index=list(sent.unread))
    return left.apply(lambda texts: texts.cat.remove_unused_categories())


def _as_named(
    frame: pd.DataFrame, inputs: Inputs, target: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the columns under the names of the training, where they differ in look alone."""
    alike = by_fold(str(name) for name in frame.columns)
    renamed = {
        alike[fold(item.name)]: item.name
        for item in inputs.items
        if item.name not in frame.columns and fold(item.name) in alike
    }
    renamed = {old: new for old, new in renamed.items() if old not in inputs.names | {target}}
    if not renamed:
        return frame, []
    pairs = ", ".join(f"“{shown(old)}” as “{shown(new)}”" for old, new in renamed.items())
    sentence = f"Columns whose names look alike are taken for those of the training: {pairs}."
    found = Finding(RENAMED, tuple(renamed.values()), len(renamed), sentence)
    return frame.rename(columns=renamed), [found]


def _about_columns(frame: pd.DataFrame, inputs: Inputs, target: str) -> Iterator[Finding]:
    wanted = [item.name for item in inputs.items]
    absent = [name for name in wanted if name not in frame.columns]
    extra = [str(name) for name in frame.columns if name not in wanted and name != target]
    near = _near_names(absent, extra)
    if len(absent) > len(wanted) / 2:
        raise ReadingError(
            f"The rows lack {len(absent)} of the {len(wanted)} columns that the model was trained "
            f"on: {listed(absent)}. They have {listed(list(map(str, frame.columns)), 8)}. {near}"
            "Name the columns as in the training."
        )
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        yield Finding(
            ABSENT,
            tuple(absent),
            len(absent),
            f"{listed(absent, 20)} {verb} not in the file. The model was trained with it, so every "
            "row counts as having no value there, and the predictions are less certain. "
            f"{near}".rstrip(),
        )
    if extra:
        verb = "was" if len(extra) == 1 else "were"
        yield Finding(
            EXTRA, tuple(extra), len(extra), f"{listed(extra)} {verb} not used by the model."
        )


def _near_names(absent: list[str], extra: list[str]) -> str:
    """Ask whether a column of the file is one that is missing, by names that are nearly alike."""
    folded = {fold(name): name for name in extra}
    pairs = []
    for name in absent:
        if close := get_close_matches(fold(name), folded, n=1, cutoff=0.75):
            pairs.append(f"“{shown(folded[close[0]])}” for “{shown(name)}”")
    return f"Did you mean {phrase(pairs)}? Rename it then. " if pairs else ""


def _unread(sent: SentRows) -> Finding:
    first = next(iter(sent.unread.values()))
    count = len(sent.unread)
    verb = "row has" if count == 1 else "rows have"
    return Finding(
        UNREAD,
        (),
        count,
        f"{count:,} {verb} no prediction: {first}{' and so on' if count > 1 else ''}.",
    )


def _about_cells(texts: pd.Series, read: Read, item: Input, notes: _Notes) -> list[Finding]:
    found = [Finding(CONVERTED, (item.name,), count, said) for said, count in read.converted]
    for finding in (
        _unreadable(texts, read, item, notes),
        _outside(read.values, item, notes),
        _empty(texts, item),
        _unseen(read.values, item, notes) if item.is_closed else None,
    ):
        if finding is not None:
            found.append(finding)
    return found


def _unreadable(texts: pd.Series, read: Read, item: Input, notes: _Notes) -> Finding | None:
    noun = _NOUNS.get(item.column.kind)
    if noun is None or not read.odd.any():
        return None
    rows = texts.index[read.odd].tolist()
    for row in rows:
        notes.add(row, f"{shown(item.name)}: “{shown(str(texts[row]))}” is no {noun[:-1]}")
    text = (
        f"“{shown(item.name)}”: {len(rows):,} of {len(texts):,} cells are no {noun} (the first "
        f"is “{shown(str(texts[rows[0]]))}” in row {rows[0] + 1:,}); they count as missing."
    )
    return Finding(UNREADABLE, (item.name,), len(rows), text)


def _outside(values: pd.Series, item: Input, notes: _Notes) -> Finding | None:
    column = item.column
    if column.kind != NUMBER or column.low is None or column.high is None:
        return None
    beyond = ((values < column.low) | (values > column.high)).to_numpy()
    rows = values.index[beyond].tolist()
    for row in rows:
        notes.add(row, f"{shown(item.name)}: outside {column.low:g} to {column.high:g}")
    text = (
        f"“{shown(item.name)}”: {len(rows):,} of {len(values):,} numbers lie outside "
        f"{column.low:g} to {column.high:g}, which is all that the model has seen."
    )
    return Finding(OUTSIDE, (item.name,), len(rows), text) if rows else None


def _empty(texts: pd.Series, item: Input) -> Finding | None:
    cells = map(visible, map(str, texts.cat.categories))
    missing = np.array([*(not has_value(cell, item.column) for cell in cells), True])
    count = int(missing[texts.cat.codes.to_numpy()].sum())
    if not count or item.column.missing or item.column.kind == TEXT:
        return None
    text = (
        f"“{shown(item.name)}” has no value in {count:,} of {len(texts):,} rows; in the training "
        "none was empty."
    )
    return Finding(EMPTY, (item.name,), count, text)


def _unseen(values: pd.Series, item: Input, notes: _Notes) -> Finding | None:
    strange = sorted({str(name) for name in values.cat.categories} - set(item.values))
    rows = values.index[values.isin(strange)].tolist()
    if not rows:
        return None
    for row in rows:
        notes.add(row, f"{shown(item.name)}: “{shown(str(values[row]))}” is new to the model")
    text = (
        f"“{shown(item.name)}”: {len(rows):,} of {len(values):,} cells hold {listed(strange, 3)}, "
        "which the model has never seen; it predicts without them."
    )
    return Finding(UNSEEN, (item.name,), len(rows), text)
