"""The process in which job code runs; its arguments are EVENTS_FD CLUSTER.

It imports the runners of the cluster ahead, waits for one assignment on standard input, runs it,
reports over the pipe EVENTS_FD as JSON lines, and ends. Standard input stays open as the line to
the supervisor: "stop" asks to save and end; its end means that the supervisor is dead, and then
this process and all that it started must not go on.

In a cluster that is kept warm it forks a process for each assignment instead, one after the other,
reports its id and its end, and waits for the next. It computes nothing itself: a library that has
started threads cannot be forked.
"""

import contextlib
import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import django
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

from jobsite.jobs import log_context
from jobsite.jobs.execution import limits
from jobsite.jobs.execution.error_texts import plain_sentence
from jobsite.jobs.execution.outcome import JobFailed
from jobsite.jobs.execution.report import Report, end_group
from jobsite.jobs.processes import die_with_parent, kill_group
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
    serve(int(sys.argv[1]), sys.argv[2])
    end()


def end() -> NoReturn:
    """End this process without waiting for what libraries have started in it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def serve(descriptor: int, cluster: str) -> None:
    """Import the runners, wait for assignments and carry them out."""
    faulthandler.enable()
    # The imports take seconds in which nobody reads standard input.
    die_with_parent(signal.SIGKILL)
    django.setup()
    from jobsite.jobs.models import kinds  # noqa: PLC0415 (models exist only after the set-up)

    # Before anything is imported that starts processes of its own, which inherit both.
    limits.forget_secrets()
    most = kinds.child_limits(cluster)
    limits.confine(most.file_mb, most.processes)
    for path in kinds.preparations(cluster):
        import_string(path)()
    for path in kinds.runners(cluster):
        import_string(path)
    if kinds.warm_seconds(cluster):
        fork_for_each(descriptor)
    elif line := sys.stdin.readline():
        work(descriptor, line)


def fork_for_each(descriptor: int) -> None:
    """Fork a process for each assignment, in a group of its own, until standard input ends."""
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            work(descriptor, line)
            end()
        with contextlib.suppress(OSError):  # whoever comes second; the group is there for both
            os.setpgid(pid, pid)
        send(descriptor, forked=pid)
        _, status = os.waitpid(pid, 0)
        kill_group(pid)
        send(descriptor, ended=os.waitstatus_to_exitcode(status))


def send(descriptor: int, **message: int) -> None:
    """Write a message beside those of the job: one this short arrives in one piece."""
    os.write(descriptor, json.dumps(message).encode() + b"\n")


def work(descriptor: int, line: str) -> None:
    """Carry out the assignment of a line."""
    from jobsite.jobs.models import kinds  # noqa: PLC0415 (models exist only after the set-up)

    die_with_parent(0)  # from here on `listen` does it, for the whole group
    assignment = json.loads(line)
    log_context.set_job(assignment["pk"])
    model = kinds.job_model(assignment["kind"])
    os.nice(model.niceness)
    job = patiently(partial(model.objects.get, pk=assignment["pk"], attempt=assignment["attempt"]))
    job.draft.mkdir(parents=True, exist_ok=True)
    report = Report(descriptor, job.draft)
    threading.Thread(target=listen, args=[report], daemon=True).start()
    assert model.runner is not None
    carry_out(import_string(model.runner), job, report)
