"""The problem type of a target: two classes, several, or a number. Light: no pandas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.cells.spelling import by_fold, fold
from training.tables.schema import (
    BOOLEAN,
    CATEGORY,
    CONSTANT,
    DATE,
    EMPTY,
    NUMBER,
    TEXT,
    Column,
)
from training.text import listed, shown

BINARY, MULTICLASS, REGRESSION = "binary", "multiclass", "regression"
CLUSTERING = "clustering"
LABELS = {
    BINARY: "two classes",
    MULTICLASS: "several classes",
    REGRESSION: "a number (regression)",
    CLUSTERING: "groups (clustering)",
}
MAX_CLASSES = 100
FEWEST_ROWS = 20
_MOST_CODES, _MOST_LOOSE_CODES = 20, 10
_FEWEST_COUNTS = 5
# Of the even share of a value: what is rarer is a large count, or no class to learn.
_RARE = 0.25
_ENOUGH_TO_TELL = 20
_ROWS_OF_CODE = 8
_HIGHEST_CODE = 1e6
# No and yes, as pairs of classes say it.
_YES = {"1": "0", "yes": "no", "true": "false", "y": "n", "t": "f", "positive": "negative"}


class TargetError(Exception):
    """The target cannot be predicted. The message is a sentence for the user."""


def few_rows(rows: int) -> str:
    """Return the sentence for a table with too few rows."""
    return (
        f"Only {rows} rows can take part; at least {FEWEST_ROWS} are needed to train and to check "
        "what was learnt. Add more rows."
    )


@dataclass(frozen=True, slots=True)
class Guess:
    """The problem type, and the sentence that gives the reason."""

    kind: str
    reason: str


def find_target(columns: Sequence[Column], name: str) -> Column:
    """Return the column named so, or raise a TargetError that lists what there is."""
    for column in columns:
        if column.name == name:
            return column
    known = {column.name for column in columns}
    if len(parts := [part.strip() for part in name.split(",")]) > 1 and known.issuperset(parts):
        raise TargetError(
            f"“{shown(name)}” names {len(parts)} targets. A training learns one: start a training "
            "for each of them."
        )
    names = ", ".join(f"“{shown(column.name)}”" for column in columns[:12])
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    raise TargetError(f"There is no column named “{shown(name)}”. There are: {names}{more}.")


def guess_groups(columns: Sequence[Column]) -> Guess:
    """Return the problem of a table without a target, or raise a TargetError."""
    if all(column.is_left_out for column in columns):
        raise TargetError(
            "There is no column left to find groups by: all are empty, constant or ids."
        )
    return Guess(CLUSTERING, "There is no target: rows that are alike are put into groups.")


def guess(target: Column, rows: int, wanted: str = "") -> Guess:
    """Return the problem that a target poses among `rows` rows, or raise a TargetError.

    `wanted` is the user's choice ("classification" or "regression"), if there is one.
    """
    _refuse(target, rows)
    name, distinct = shown(target.name), target.distinct
    if wanted == "regression":
        if target.kind != NUMBER:
            raise TargetError(
                f"“{name}” holds text, so it cannot be predicted as a number. "
                "Choose classification, or another target."
            )
        return Guess(REGRESSION, f"You chose to predict “{name}” as a number.")
    if wanted == "classification":
        _refuse_many_classes(target)
        kind = BINARY if distinct == 2 else MULTICLASS
        return Guess(kind, f"You chose to predict the {distinct} values of “{name}” as classes.")
    if distinct == 2:
        return Guess(BINARY, f"“{name}” has exactly two values, so this is a two-class problem.")
    if target.kind in (CATEGORY, BOOLEAN, TEXT):
        _refuse_many_classes(target)
        return Guess(MULTICLASS, f"“{name}” holds text with {distinct} different values: classes.")
    if _holds_codes(target, rows):
        return Guess(
            MULTICLASS,
            f"“{name}” holds {distinct} whole numbers from {target.low:.0f} to {target.high:.0f}, "
            "which look like codes of classes.",
        )
    return Guess(
        REGRESSION, f"“{name}” holds numbers with {distinct:,} different values: a quantity."
    )


def _refuse(target: Column, rows: int) -> None:
    name = shown(target.name)
    if EMPTY in target.hints or target.distinct == 0:
        raise TargetError(f"The target “{name}” has no value in any row. Choose another column.")
    if CONSTANT in target.hints or target.distinct == 1:
        raise TargetError(
            f"The target “{name}” has the same value in every row, so there is nothing to "
            "predict. Choose another column."
        )
    if target.kind == DATE:
        raise TargetError(
            f"The target “{name}” holds dates, which cannot be predicted. Choose a number "
            "(for example days until then) or a class."
        )
    if target.kind != NUMBER and target.distinct == rows >= _ENOUGH_TO_TELL:
        raise TargetError(
            f"The target “{name}” has another word in every row, so there is nothing to learn from "
            "one row for another. Choose the column that you want to predict."
        )


def _refuse_many_classes(target: Column) -> None:
    if target.distinct > MAX_CLASSES:
        raise TargetError(
            f"The target “{shown(target.name)}” has {target.distinct:,} different values; at most "
            f"{MAX_CLASSES} classes can be told apart. Choose another target, or group its values."
        )


def _holds_codes(target: Column, rows: int) -> bool:
    """Return whether few whole numbers in `rows` rows are codes of classes, and no counts.

    Codes begin at 0 or 1 without a gap; or they have gaps or a minus, and none of them is rare.
    Counts, such as those of claims, rise to the most frequent one and then become rare.
    """
    if not target.integer or target.low is None or target.high is None:
        return False
    if rows < _ROWS_OF_CODE * target.distinct or max(-target.low, target.high) > _HIGHEST_CODE:
        return False
    gapless = target.high - target.low + 1 == target.distinct
    heights = [bar.rows for bar in target.bars] if len(target.bars) == target.distinct else []
    has_rare = bool(heights) and min(heights) < _RARE * sum(heights) / len(heights)
    if target.low in (0.0, 1.0) and gapless and target.distinct <= _MOST_CODES:
        is_count = target.distinct >= _FEWEST_COUNTS and has_rare and _rises_and_falls(heights)
        return not is_count
    loose = (not gapless or target.low < 0) and target.distinct <= _MOST_LOOSE_CODES
    return loose and bool(heights) and not has_rare


def _rises_and_falls(heights: Sequence[int]) -> bool:
    """Return whether bars have one peak, but for steps as small as chance makes them."""
    peak = max(range(len(heights)), key=heights.__getitem__)
    sides = (heights[: peak + 1], heights[peak:][::-1])
    return all(
        before <= after + 2 * after**0.5 for side in sides for before, after in pairwise(side)
    )


def order_classes(counts: dict[str, int], positive: str = "") -> tuple[str, ...]:
    """Return the classes in the order of reports. Of two, the positive one comes last.

    It is the one that the owner chose, else the one that says yes, else the rarer one. Raises
    TargetError if none is spelled like the chosen one.
    """
    names = sorted(counts, key=_natural)
    if positive:
        positive = by_fold(names).get(fold(positive), positive)
        if positive not in names or len(names) != 2:
            raise TargetError(
                f"“{shown(positive)}” cannot be the positive class: the target has "
                f"{len(names)} classes here, {listed(names)}. Of two classes, one can be chosen."
            )
        return tuple(sorted(names, key=lambda name: name == positive))
    if len(names) != 2:
        return tuple(names)
    lower = {name.lower() for name in names}
    saying_yes = [name for name in names if _YES.get(name.lower()) in lower]
    last = saying_yes[0] if len(saying_yes) == 1 else min(reversed(names), key=counts.__getitem__)
    return tuple(sorted(names, key=lambda name: name == last))


def _natural(name: str) -> tuple[int, float, str]:
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def group_name(number: int) -> str:
    """Return what a group that is counted from 0 is called."""
    return f"group {number + 1}"
