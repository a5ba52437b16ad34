"""Hints of the first rows of a table about splitting and leaving out. Light: no pandas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobsite.jobs.formats import percent
from training.problem.column_roles import GROUP, IGNORE, TARGET, TIME, roles_of
from training.tables.schema import BOOLEAN, CATEGORY, DATE, NUMBER, TEXT, Column
from training.text import listed, shown

_MOSTLY = 0.5
_UNIQUE = 0.9
_NAMES_THINGS = re.compile(r"(^|[^a-z])(id|uuid|key|code|no|nr|number)$|(?<=[a-z])(Id|ID)$", re.I)


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence about a column, and the role that would answer it."""

    sentence: str
    column: str = ""
    role: str = ""


def hints_for(
    columns: Sequence[Column], rows: int, options: Mapping[str, Any], target: str
) -> tuple[Hint, ...]:
    """Return what should be looked at; `rows` is how many were looked at."""
    roles = roles_of(options)
    free = [c for c in columns if not c.is_left_out and c.name not in roles and c.name != target]
    return (
        *(() if TIME in roles.values() else _dates(free)),
        *(() if GROUP in roles.values() else _entities(free, rows)),
        *_mostly_missing(free, rows),
        *_targets([c for c in columns if c.name == target or roles.get(c.name) == TARGET], rows),
    )


# The same sentences after a look at all rows: training.modelling.data_checks uses these.


def dates_sentence(names: list[str]) -> str:
    """Return what columns of dates mean for splitting the rows."""
    verb = "holds" if len(names) == 1 else "hold"
    return (
        f"{listed(names)} {verb} dates. If later rows are to be predicted from earlier ones, give "
        "that column the role “time”: a random split lets a model look into the future."
    )


def repeats_sentence(names: list[str]) -> str:
    """Return what columns that name the same things in several rows mean for splitting."""
    return (
        f"The same values of {listed(names)} stand in several rows. If these are the same persons "
        "or things, give that column the role “group”: otherwise a model is tested on things that "
        "it knows already."
    )


def missing_sentence(name: str, share: float) -> str:
    """Return what it means that a share of a column is missing; nothing if most of it is there.

    A column without any value is left out before.
    """
    if not _MOSTLY < share < 1:
        return ""
    return (
        f"“{shown(name)}” has no value in {percent(share)} of the rows. Consider excluding it "
        "if new data will lack it too."
    )


def _dates(columns: Sequence[Column]) -> Iterator[Hint]:
    for column in [column for column in columns if column.kind == DATE][:1]:
        yield Hint(dates_sentence([column.name]), column.name, TIME)


def _entities(columns: Sequence[Column], rows: int) -> Iterator[Hint]:
    for column in [column for column in columns if repeats(column, rows)][:1]:
        yield Hint(repeats_sentence([column.name]), column.name, GROUP)


def repeats(column: Column, rows: int) -> bool:
    """Return whether a column names things that stand in several of these rows."""
    whole = column.kind == NUMBER and column.integer
    if not (whole or column.kind in (CATEGORY, BOOLEAN)) or not _NAMES_THINGS.search(column.name):
        return False
    return 20 <= column.distinct <= 0.7 * rows


def _mostly_missing(columns: Sequence[Column], rows: int) -> Iterator[Hint]:
    for column in columns:
        if rows and (sentence := missing_sentence(column.name, column.missing / rows)):
            yield Hint(sentence, column.name, IGNORE)


def _targets(columns: Sequence[Column], rows: int) -> Iterator[Hint]:
    for column in columns:
        words = column.kind in (CATEGORY, TEXT)
        if words and rows and column.distinct > _UNIQUE * (rows - column.missing) > 0:
            yield Hint(
                f"Nearly every row has a value of its own in the target “{shown(column.name)}”, so "
                "there is nothing to learn from one row for another. Choose another target."
            )
