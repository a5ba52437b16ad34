"""Tags as a person writes them -> a list in canonical form, or a sentence."""

from collections.abc import Iterable

MOST = 20
LONGEST = 40


def clean_tags(texts: str | Iterable[str]) -> list[str]:
    """Each tag once, in the order given; a text holds several, with commas between them.

    Raises ValueError with the reason.
    """
    words = texts.split(",") if isinstance(texts, str) else list(texts)
    tags = list(dict.fromkeys(filter(None, (" ".join(word.split()) for word in words))))
    for tag in tags:
        if len(tag) > LONGEST:
            raise ValueError(f"“{tag[:LONGEST]}…” is too long; {LONGEST} letters are the most.")
        if not tag.isprintable() or any(mark in tag for mark in ',"\\'):
            raise ValueError("A tag is made of letters, digits, blanks and simple marks.")
    if len(tags) > MOST:
        raise ValueError(f"These are {len(tags)} tags; {MOST} is the most that a download has.")
    return tags
