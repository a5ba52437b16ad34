"""The process in which job code runs: forked from an image, or exec'd as EVENTS_FD CLUSTER.

It waits for one assignment on standard input, runs it, reports over the pipe EVENTS_FD as JSON
lines, and ends. Standard input stays open as the line to the supervisor: "stop" asks to save and
end; its end means that the supervisor is dead, and then this process and all that it started must
not go on.
"""

import faulthandler
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import django
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

from jobsite.jobs import log_context
from jobsite.jobs.execution import limits
from jobsite.jobs.execution.error_texts import plain_sentence
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report, end_group
from jobsite.jobs.processes import die_with_parent, set_name
from jobsite.jobs.status import Status

log = logging.getLogger(__name__)

NO_LIMIT = (None, None)


def listen(report: Report) -> None:
    """Read standard input until the supervisor is gone, then end the process group."""
    for line in sys.stdin:
        if line.strip() == "stop":
            report.stopping.set()
    end_group()


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
    """Return the answer of a database that may be away for a while;

    the supervisor ends a long wait.
    """
    while True:
        try:
            return ask()
        except OperationalError as error:
            log.warning("The database does not answer: %s", error)
            connection.close()
            time.sleep(1.0)


def main() -> None:
    """Serve one job, then end at once.

    Threads and pools that a library left behind must not keep a finished job from ending.
    """
    descriptor, cluster = int(sys.argv[1]), sys.argv[2]
    # The imports take seconds in which nobody reads standard input.
    die_with_parent(signal.SIGKILL)
    django.setup()
    limits.forget_secrets()
    serve(descriptor, cluster)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def serve_fork(descriptors: list[int], cluster: str, temporary: str) -> None:
    """Serve one job in a fork of an image; `descriptors` are standard input and EVENTS_FD."""
    os.dup2(descriptors[0], 0)
    os.close(descriptors[0])
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    serve(descriptors[1], cluster)


def serve(descriptor: int, cluster: str) -> None:
    """Wait for the assignment and carry it out."""
    from jobsite.jobs.models import kinds  # noqa: PLC0415 (models exist only after the set-up)

    faulthandler.enable()
    # Before anything starts processes of its own, which inherit both.
    most = kinds.child_limits(cluster)
    limits.confine(most.file_mb, most.processes)
    line = sys.stdin.readline()
    if not line:
        return
    die_with_parent(0)  # from here on `listen` does it, for the whole group
    assignment = json.loads(line)
    log_context.set_job(assignment["pk"])
    model = kinds.job_model(assignment["kind"])
    set_name(f"{model.kind} job")
    limits.confine_cpu(assignment["cpu"])
    os.nice(model.niceness)
    assert model.runner is not None
    run = import_string(model.runner)
    if model.prepare:
        import_string(model.prepare)()
    job = patiently(partial(model.objects.get, pk=assignment["pk"], attempt=assignment["attempt"]))
    job.draft.mkdir(parents=True, exist_ok=True)
    report = Report(descriptor, job.draft)
    threading.Thread(target=listen, args=[report], daemon=True).start()
    carry_out(run, job, report)
