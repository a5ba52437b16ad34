"""The reporting interface of job code: progress, log lines and fields, sent over a pipe."""

import json
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobsite.jobs.text import storable

# Seconds between two signs of life of a step that cannot tell how far it is.
SIGN_EVERY = 2.0


def finite(value: Any) -> Any:
    """Return the value as JSON and a database can hold it: NaN and infinities become null."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {storable(str(key)): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


class Report:
    """The means by which job code reports its progress. Thread-safe."""

    def __init__(self, descriptor: int, directory: Path) -> None:
        self.directory = directory
        """Where this attempt writes its artifacts; published when the job succeeds."""
        self.stopping = threading.Event()
        """Set when the site stops: save what can be saved and return."""
        self._pipe = os.fdopen(descriptor, "w", encoding="utf-8")
        self._lock = threading.Lock()

    def progress(self, fraction: float, message: str = "") -> None:
        """Set the progress (0 to 1) and the line of text beside it."""
        self.send(progress=min(max(float(fraction), 0.0), 1.0), message=message[:255])

    @contextmanager
    def working(self, fraction: float, message: str) -> Iterator[None]:
        """Set both, and repeat every two seconds that this step still goes on."""
        began, over = time.monotonic(), threading.Event()

        def go_on() -> None:
            while not over.wait(SIGN_EVERY):
                self.progress(fraction, f"{message} ({time.monotonic() - began:.0f} s)")

        self.progress(fraction, message)
        signs = threading.Thread(target=go_on, daemon=True)
        signs.start()
        try:
            yield
        finally:
            over.set()
            signs.join()

    def event(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log; level is info, warning or error."""
        self.send(event=text[:2000], level=level)

    def update(self, **fields: Any) -> None:
        """Set fields of the row that its model lists in `REPORTED`."""
        self.send(fields=fields)

    def send(self, **message: Any) -> None:
        """Write one message. If the supervisor is gone, end this process group."""
        line = json.dumps(finite(message), default=lambda item: item.item(), allow_nan=False)
        try:
            with self._lock:
                self._pipe.write(line + "\n")
                self._pipe.flush()
        except BrokenPipeError:
            end_group()


def end_group() -> None:
    """Kill this process and every process that it started."""
    os.killpg(0, signal.SIGKILL)
