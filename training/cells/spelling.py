"""Spellings that look alike: Yes and YES, composed and decomposed letters, invisible characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping


def visible(text: str) -> str:
    """Return the text stripped, without invisible characters, with common blanks and letters."""
    if text.isascii():
        return text.strip()
    composed = unicodedata.normalize("NFC", text)
    kept = (
        " " if unicodedata.category(char) == "Zs" else char
        for char in composed
        # Zero-width blanks, soft hyphens, marks of direction and of byte order.
        if unicodedata.category(char) != "Cf"
    )
    return "".join(kept).strip()


def fold(text: str) -> str:
    """Return what all spellings that look alike have in common: case and blanks do not count."""
    return " ".join(visible(text).casefold().split())


def spellings(counts: Mapping[str, int]) -> dict[str, str]:
    """Return for each spelling the one that stands for it: the most frequent of those alike.

    Only for cells that are spelled in more than one way. Of equally frequent ones the last in the
    order of characters, which is that in small letters, whatever order the rows have.
    """
    alike: dict[str, list[str]] = {}
    for cell in counts:
        alike.setdefault(fold(cell), []).append(cell)
    return {
        cell: max(group, key=lambda one: (counts[one], one))
        for group in alike.values()
        if len(group) > 1
        for cell in group
    }


def by_fold(names: Iterable[str]) -> dict[str, str]:
    """Return folded name -> name, for those that no other name looks like."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(fold(name), []).append(name)
    return {folded: group[0] for folded, group in found.items() if len(group) == 1}
