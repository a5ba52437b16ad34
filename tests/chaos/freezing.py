"""Processes that are stopped and live on."""

import signal
from collections.abc import Iterable

import psutil
from django.db import transaction


def freeze(processes: Iterable[psutil.Process]) -> None:
    """SIGSTOP for all of them, none in the middle of a write: SQLite's lock would stay with it."""
    with transaction.atomic():  # it begins as a writer, and so it has the lock
        for process in processes:
            process.send_signal(signal.SIGSTOP)
