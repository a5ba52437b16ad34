"""The process in which job code runs; its arguments are EVENTS_FD MODULE ...

It imports the modules ahead, waits for one assignment on standard input, runs it, reports over
the pipe EVENTS_FD as JSON lines, and ends. Standard input stays open as the line to the
supervisor: "stop" asks to save and end; its end means that the supervisor is dead, and then this
process and all that it started must not go on.
"""

import errno
import faulthandler
import json
import logging
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

from jobsite.jobs import log_context
from jobsite.jobs.execution import limits
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.processes import die_with_parent
from jobsite.jobs.status import Status
from jobsite.jobs.text import storable

log = logging.getLogger(__name__)

NO_LIMIT = (None, None)
# Seconds between two signs of life of a step that cannot tell how far it is.
SIGN_EVERY = 2.0


def finite(value: Any) -> Any:
    """The value as JSON and a database can hold it: NaN and infinities become null."""
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
    """What job code uses to tell how far it is. Thread-safe."""

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
        """Set both, and tell every two seconds that this step still goes on."""
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
        """Write one message. A supervisor that is gone ends this process group."""
        line = json.dumps(finite(message), default=lambda item: item.item(), allow_nan=False)
        try:
            with self._lock:
                self._pipe.write(line + "\n")
                self._pipe.flush()
        except BrokenPipeError:
            end_group()


def end_group() -> None:
    """Kill this process and all that it started."""
    os.killpg(0, signal.SIGKILL)


def listen(report: Report) -> None:
    """Follow standard input until the supervisor is gone."""
    for line in sys.stdin:
        if line.strip() == "stop":
            report.stopping.set()
    end_group()


def plain_sentence(error: Exception) -> str:
    """What a person is told about an exception that nobody foresaw."""
    if isinstance(error, MemoryError):
        return "The job needed more memory than there is. Try less data or fewer algorithms."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Free some space, then retry the job."
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "The job wrote a file that is larger than this site allows one to be."
    brief = f"{type(error).__name__}: {error}"[:300]
    return (
        f"Something happened that this program did not foresee ({brief}). The log has the details."
    )


def carry_out(run: Callable[[Any, Report], dict | None], job: Any, report: Report) -> None:
    """Run the job and report its outcome."""
    try:
        result = run(job, report)
    except JobFailed as failure:
        report.send(outcome=Status.FAILED, error=str(failure))
    except Exception as error:
        traceback.print_exc()
        report.send(outcome=Status.FAILED, error=plain_sentence(error))
    else:
        report.send(outcome=Status.SUCCEEDED, result=result)


def patiently(ask: Callable[[], Any]) -> Any:
    """The answer of a database that may be away for a while; the supervisor ends a long wait."""
    while True:
        try:
            return ask()
        except OperationalError as error:
            log.warning("The database does not answer: %s", error)
            connection.close()
            time.sleep(1.0)


def main() -> None:
    """Run as the arguments say, then end at once.

    Threads and pools that a library left behind must not keep a finished job from ending.
    """
    serve(int(sys.argv[1]), sys.argv[2:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def serve(descriptor: int, modules: list[str]) -> None:
    """Import, wait for the assignment, carry it out."""
    faulthandler.enable()
    # The imports take seconds in which nobody reads standard input.
    die_with_parent(signal.SIGKILL)
    django.setup()
    from jobsite.jobs.models.job import job_model  # noqa: PLC0415 (models exist only after the set-up)

    # Before anything is imported that starts processes of its own, which inherit both.
    limits.forget_secrets()
    limits.confine(*settings.CHILD_LIMITS.get(os.environ.get("Q_CLUSTER_NAME", ""), NO_LIMIT))
    for module in modules:
        import_module(module)
    line = sys.stdin.readline()
    if not line:
        return
    die_with_parent(0)  # from here on `listen` does it, for the whole group
    assignment = json.loads(line)
    log_context.set_job(assignment["pk"])
    model = job_model(assignment["kind"])
    os.nice(model.niceness)
    job = patiently(partial(model.objects.get, pk=assignment["pk"], attempt=assignment["attempt"]))
    job.draft.mkdir(parents=True, exist_ok=True)
    report = Report(descriptor, job.draft)
    threading.Thread(target=listen, args=[report], daemon=True).start()
    assert model.runner is not None
    carry_out(import_string(model.runner), job, report)
