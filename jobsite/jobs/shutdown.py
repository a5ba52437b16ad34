"""The signal by which every process of the tree learns that the site stops or its root is dead.

`manage.py up` holds the only write end of a pipe, and its children inherit the read end. The end
of the stream is the signal to stop: it comes when `up` closes the pipe, and also when `up` is
killed, which no signal handler could report.
"""

import os
import select

VARIABLE = "_JOBSITE_LIFELINE"


def descriptor() -> int | None:
    """Return the read end that this process inherited; None if it runs on its own."""
    text = os.environ.get(VARIABLE)
    return int(text) if text else None


def is_cut(timeout: float = 0) -> bool:
    """Return whether the site is stopping, after waiting up to `timeout` seconds for it."""
    fd = descriptor()
    if fd is None:
        select.select([], [], [], timeout)
        return False
    readable, _, _ = select.select([fd], [], [], timeout)
    return bool(readable)
