"""What is known about a table before and after it is read: plain values that live in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

NUMBER, CATEGORY, TEXT, DATE, BOOLEAN = "number", "category", "text", "date", "boolean"
KIND_NOUNS = {NUMBER: "numbers", DATE: "dates"}
KINDS = (NUMBER, CATEGORY, TEXT, DATE, BOOLEAN)

ID, INDEX, CONSTANT, EMPTY = "id", "index", "constant", "empty"
HINTS = {
    INDEX: "only counts the rows",
    ID: "every row has its own value, and its name or form is that of an id",
    CONSTANT: "holds one value only",
    EMPTY: "holds no value at all",
}


HINT_LABELS = {ID: "looks like an ID", INDEX: "row number", CONSTANT: "one value", EMPTY: "empty"}


class ReadingError(Exception):
    """A table that cannot be read. The message is a sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the bytes of a file become rows of cells.

    `skip` rows stand before the header or the data. `errors` is what happens to bytes that are no
    text, "strict" or "replace"; `ragged` to rows of another width, "refuse" or "drop". With
    `total`, the last row is a sum and is left out. `dates` is the order of day and month that the
    owner chose ("dmy" or "mdy"), for columns that do not tell.
    """

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    header: bool = True
    skip: int = 0
    encoding_guessed: bool = False
    errors: str = "strict"
    ragged: str = "refuse"
    total: bool = False
    dates: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the dialect as a dict of JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dialect:
        """Make a dialect again from what `to_json` returned."""
        return cls(**data)


class Bar(NamedTuple):
    """A value, or a step from one to another, and in how many rows it stands."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its clean name, its kind, and what was counted in the rows looked at.

    `zone`: of a column of times, whether "all", "some" or "none" of its cells name an offset.
    `chosen`: its owner chose the kind; `found` is the one that the cells say. `bars` are how often
    which values stand there, and `others` how many cells hold further ones.
    """

    name: str
    kind: str
    missing: int = 0
    distinct: int = 0
    hints: tuple[str, ...] = ()
    date_format: str = ""
    zone: str = ""
    integer: bool = False
    low: float | None = None
    high: float | None = None
    plain: bool = True
    examples: tuple[str, ...] = ()
    chosen: bool = False
    found: str = ""
    mark: str = ""
    placeholders: tuple[str, ...] = ()
    keeps_na: bool = False
    bars: tuple[Bar, ...] = ()
    others: int = 0

    @property
    def is_left_out(self) -> bool:
        """True if the column says nothing that a model could use."""
        return bool(self.hints)

    @property
    def hint_label(self) -> str:
        """Why the column is left out, in few words; empty if it is not."""
        return next((HINT_LABELS[hint] for hint in self.hints), "")

    def to_json(self) -> dict[str, Any]:
        """Return the column as a dict of JSON values."""
        return {
            **asdict(self),
            "hints": list(self.hints),
            "examples": list(self.examples),
            "placeholders": list(self.placeholders),
            "bars": [list(bar) for bar in self.bars],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """Make a column again from what `to_json` returned."""
        lists = ("hints", "examples", "placeholders")
        bars = tuple(Bar(*bar) for bar in data.get("bars", ()))
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in lists}, "bars": bars})


def with_kinds(
    columns: Sequence[Column], kinds: Mapping[str, str], use: Sequence[str] = ()
) -> tuple[Column, ...]:
    """Return the columns with the kinds that their owner chose for some of them.

    One whose kind was chosen, or that is named in `use`, is not left out as an id any more.
    """
    return tuple(
        replace(
            column,
            kind=kinds.get(column.name, column.kind),
            chosen=column.chosen or column.name in kinds,
            hints=tuple(hint for hint in column.hints if hint not in (ID, INDEX)),
        )
        if kinds.get(column.name) in KINDS or column.name in use
        else column
        for column in columns
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What the head of a file shows: dialect, columns, first rows, and what to look at twice.

    `dropped` rows were left out because of their width; this is not stored.
    """

    dialect: Dialect
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    sampled: int
    complete: bool
    warnings: tuple[str, ...] = ()
    dropped: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the preview as a dict of JSON values."""
        return {
            "dialect": self.dialect.to_json(),
            "columns": [column.to_json() for column in self.columns],
            "rows": [list(row) for row in self.rows],
            "sampled": self.sampled,
            "complete": self.complete,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Preview:
        """Make a preview again from what `to_json` returned."""
        return cls(
            dialect=Dialect.from_json(data["dialect"]),
            columns=tuple(Column.from_json(column) for column in data["columns"]),
            rows=tuple(tuple(row) for row in data["rows"]),
            sampled=data["sampled"],
            complete=data["complete"],
            warnings=tuple(data["warnings"]),
        )
