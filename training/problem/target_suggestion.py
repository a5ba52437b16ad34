"""The column of a table that is probably the target, and why. Light: no pandas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from training.tables.schema import NUMBER, Column

# What the column to be predicted is called, in tables of all trades.
_ASKED_WORDS = (
    "target label labels class classes y outcome response dependent survived survival churn "
    "churned exited attrition default defaulted diagnosis species fraud approved converted "
    "conversion readmitted cancelled canceled purchased subscribed clicked won winner spam "
    "sentiment deceased"
)
# What is often asked for, but may as well be known.
_OFTEN_WORDS = (
    "price saleprice cost value sales revenue profit income salary wage charges amount medv mpg "
    "quality score rating grade strength consumption demand count total result status yield "
    "duration risk type category disease severity"
)
_KNOWN_WORDS = "sex gender age id name date year month day country city state address zip index"
_ASKED, _OFTEN, _KNOWN = (
    frozenset(words.split()) for words in (_ASKED_WORDS, _OFTEN_WORDS, _KNOWN_WORDS)
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_FEW = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """A column, and the reason why it is proposed."""

    name: str
    reason: str


def propose(columns: Sequence[Column], possible: Sequence[Column]) -> Proposal | None:
    """Return the best of the columns that can be a target; None if there is none.

    Somebody may want to predict what looks like an id, but nobody is asked to.
    """
    possible = [column for column in possible if not column.is_left_out]
    names = [column.name.lower() for column in columns]
    rated = [(*_rated(column, columns, possible, names), column.name) for column in possible]
    if not rated:
        return None
    # Of equals, the one that stands further to the right.
    _, reason, name = max(reversed(rated), key=lambda entry: entry[0])
    return Proposal(name, reason)


def _rated(
    column: Column, columns: Sequence[Column], possible: Sequence[Column], names: Sequence[str]
) -> tuple[int, str]:
    words = [word.lower() for word in _WORD.findall(column.name)]
    # Beside x and z, y is a length.
    rating, reason = (0, "") if words == ["y"] and "z" in names else _named(words)
    if column is possible[-1]:
        last = "it is the last column" + ("" if column is columns[-1] else " that can be one")
        rating, reason = rating + 10, reason or last
    elif column is columns[0]:
        rating, reason = rating + 3, reason or "it is the first column"
    if column.distinct == 2:
        rating, reason = rating + 8, reason or "it has two values"
    elif column.distinct <= _FEW:
        rating, reason = rating + 4, reason or "it has few different values"
    elif column.kind != NUMBER:
        rating -= 4
    if not _KNOWN.isdisjoint(words):
        rating -= 6
    return rating, reason or "nothing in the table points to another one"


def _named(words: Sequence[str]) -> tuple[int, str]:
    """Return how much a name says, and the sentence for it."""
    said = "its name says so"
    if len(words) == 1 and words[0] in _ASKED:
        return 60, said
    if not _ASKED.isdisjoint(words):
        return 40, said
    # Of several words the last one tells what it is: unit price, price group.
    if words and words[-1] in _OFTEN:
        return (30 if len(words) == 1 else 20), said
    return 0, ""
