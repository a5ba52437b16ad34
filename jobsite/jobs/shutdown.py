"""How every process of the tree learns that the site stops or that its root is dead.

`manage.py up` holds the only write end of a pipe, and its children inherit the read end. The end
of the stream is the signal to stop: it comes when `up` closes the pipe, and just so when `up` is
killed, which no signal handler could tell.
"""

import os
import select

VARIABLE = "_JOBSITE_LIFELINE"


def descriptor() -> int | None:
    """The read end that this process inherited; None where it runs on its own."""
    text = os.environ.get(VARIABLE)
    return int(text) if text else None


def is_cut(timeout: float = 0) -> bool:
    """Whether the site is stopping, waiting up to `timeout` seconds for it."""
    fd = descriptor()
    if fd is None:
        select.select([], [], [], timeout)
        return False
    readable, _, _ = select.select([fd], [], [], timeout)
    return bool(readable)
