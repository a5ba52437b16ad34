"""Slots of a web process: few requests compute at once, however many wait for something else.

A web process has many threads, because each slow caller holds one, and few slots, because each
request that computes takes from all others. A request gives its slot back while it waits: for the
next bytes of its body, for its reader, for a password to be hashed, for a conversion.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 8
LARGE_AT_ONCE = 1
"""Of those that read large bodies: a hundred uploads must not stand before everybody's pages."""

_slots = threading.BoundedSemaphore(AT_ONCE)
_large = threading.BoundedSemaphore(LARGE_AT_ONCE)
_thread = threading.local()


@contextmanager
def taken(is_large: bool = False) -> Iterator[None]:
    """Hold a slot, once one is free; `is_large`: one of the few for requests of large bodies."""
    _thread.is_large = is_large
    _take()
    try:
        yield
    finally:
        _give_back()


@contextmanager
def released() -> Iterator[None]:
    """Leave this thread's slot to others while it waits; without effect where it holds none."""
    if not getattr(_thread, "has_slot", False):
        yield
        return
    _give_back()
    try:
        yield
    finally:
        _take()


def _take() -> None:
    if _thread.is_large:
        _large.acquire()
    _slots.acquire()
    _thread.has_slot = True


def _give_back() -> None:
    _thread.has_slot = False
    _slots.release()
    if _thread.is_large:
        _large.release()
