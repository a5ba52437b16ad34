"""Text of strangers, cut to fit into a sentence."""

from __future__ import annotations


def shown(text: str, limit: int = 40) -> str:
    """Return a cell or a name as it may stand inside a sentence: one line, not too long."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def listed(items: list[str] | tuple[str, ...], limit: int = 5) -> str:
    """Return names as a phrase: 'a', 'b' and 3 more."""
    quoted = [f"“{shown(item)}”" for item in items[:limit]]
    if len(items) > limit:
        return f"{', '.join(quoted)} and {len(items) - limit} more"
    return phrase(quoted)


def phrase(items: list[str]) -> str:
    """Return items as they stand in a sentence: a, b and c. There is one at least."""
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 cell, 2 cells."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
