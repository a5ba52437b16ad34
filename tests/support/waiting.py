"""Awaiting a condition, as a test must instead of sleeping."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds for what has to happen at all, on the slowest machine. They cost nothing where it happens.
PATIENCE = 300.0
# A promise with a figure is kept to the letter by `make chaos`, on a machine with nothing else to
# do; beside a whole test suite it may take so many times as long.
SLACK = float(os.environ.get("TEST_SLACK", "10"))


def wait_until(condition: Callable[[], T], seconds: float = PATIENCE, every: float = 0.05) -> T:
    """The first truthy answer of `condition`; fails after `seconds` with the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, (
            f"not within {seconds} s; the last answer was {answer!r}"
        )
        time.sleep(every)


def promised(seconds: float) -> float:
    """How long a promise of so many seconds may take here."""
    return seconds * SLACK
