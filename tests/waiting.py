"""Awaiting a condition, as a test must instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 15.0, every: float = 0.05) -> T:
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
