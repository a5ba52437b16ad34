"""The input schema of a model: its columns as they were in the training. Light: no pandas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.tables.column_kind import parse_number
from training.tables.dates import parse_date
from training.tables.schema import BOOLEAN, CATEGORY, DATE, NUMBER, Column
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

    def complaint(self, text: str) -> str:
        """Return what is wrong with a cell of a form, or nothing."""
        column = self.column
        if column.kind == NUMBER and parse_number(text) is None and not text.isdecimal():
            return f"“{shown(text)}” is no number. Write it like 1234.5."
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

    def save(self, folder: Path) -> None:
        """Write them beside the models."""
        data = {
            "header": self.header,
            "width": self.width,
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
        return cls(tuple(map(_item, data["columns"])), data["header"], data["width"])


def _item(data: Mapping[str, Any]) -> Input:
    rest = dict(data)
    values, typical = rest.pop("values"), rest.pop("typical")
    return Input(Column.from_json(rest), tuple(values), typical)
