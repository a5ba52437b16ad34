"""The input schema of a model: its columns as they were in the training. Light: no pandas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.cells.dates import parse_date
from training.cells.numbers import parse_number
from training.tables.schema import BOOLEAN, CATEGORY, DATE, NUMBER, Column, Dialect
from training.text import shown

FILE = "inputs.json"
OFFERED = 60


@dataclass(frozen=True, slots=True)
class Input:
    """One column that a model was trained on, the values it has seen, and a typical one."""

    column: Column
    values: tuple[str, ...] = ()
    typical: str = ""

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    @property
    def is_closed(self) -> bool:
        """True if a value that the model has not seen means nothing to it."""
        return self.column.kind in (CATEGORY, BOOLEAN) and bool(self.values)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values to choose from, where they are few."""
        return self.values if self.is_closed and len(self.values) <= OFFERED else ()

    def complaint(self, text: str, dialect: Dialect | None = None) -> str:
        """Return what is wrong with a cell of a form, or nothing; `dialect` is the training's."""
        column, marks = self.column, dialect or Dialect()
        number = parse_number(text, marks.decimal, marks.thousands)
        if column.kind == NUMBER and number is None and not text.isdecimal():
            return f"“{shown(text)}” is no number. Write it like 1234{marks.decimal}5."
        if column.kind == DATE and parse_date(text.strip(), column.date_format) is None:
            like = f" like {self.typical}" if self.typical else ""
            return f"“{shown(text)}” is no date as in the table. Write it{like}."
        return ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All columns that the models of a training were trained on."""

    items: tuple[Input, ...]
    header: bool = True
    width: int = 0
    dialect: Dialect | None = None
    """How the training's table was written; None for models of versions that did not keep it."""
    has_marks: bool = False
    """Whether some number of the training tells its decimal mark or that of thousands."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(item.name for item in self.items)

    def save(self, folder: Path) -> None:
        """Write them beside the models."""
        data = {
            "header": self.header,
            "width": self.width,
            "dialect": self.dialect and self.dialect.to_json(),
            "has_marks": self.has_marks,
            "columns": [
                {**item.column.to_json(), "values": item.values, "typical": item.typical}
                for item in self.items
            ],
        }
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Inputs:
        """Read what `save` wrote. Raises FileNotFoundError if nothing was written."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        dialect = data.get("dialect")
        return cls(
            tuple(map(_item, data["columns"])),
            data["header"],
            data["width"],
            Dialect.from_json(dialect) if dialect else None,
            data.get("has_marks", False),
        )


def _item(data: Mapping[str, Any]) -> Input:
    rest = dict(data)
    values, typical = rest.pop("values"), rest.pop("typical")
    return Input(Column.from_json(rest), tuple(values), typical)
