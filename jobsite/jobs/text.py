"""Untrusted text, made safe for one line, a header, a terminal and a database."""

import re

# Control characters, line separators, and the marks that turn the direction of what follows.
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MARK = "\ufffd"


def storable(text: str) -> str:
    """Return the text without what no database takes: NUL and halves of surrogate pairs."""
    return text.encode(errors="replace").decode().replace("\0", MARK)


def one_line(text: str) -> str:
    """Return the text as a name on one line, without characters that move a cursor."""
    return UNFIT.sub(MARK, storable(text))
