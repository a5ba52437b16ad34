"""Programs that run when a job has ended: no shell, a short environment, limits, a time-out."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from django.conf import settings

from jobsite.jobs import command_lines, shutdown
from jobsite.jobs.command_lines import NotRun
from jobsite.jobs.models.notification import Delivery
from jobsite.jobs.notifications.message import NotDelivered
from jobsite.jobs.text import one_line, storable

KEPT = ("PATH", "LANG", "LC_ALL", "TZ")
MOST_OUTPUT = 4000  # characters
CHECK_EVERY = 0.5
LAUNCHER = Path(__file__).with_name("program_launcher.py")


class Stopped(Exception):
    """The site stops; the program was ended, and runs again when the site is back."""


def run(words: list[str], seconds: float) -> tuple[int, str]:
    """Run a program in a session of its own; return its exit status and the end of its output.

    Raises NotRun if it takes longer than it may, and Stopped if the site stops before that.
    """
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        try:
            status = wait(process, seconds)
        finally:
            end(process.pid)  # and what it has left behind
            process.wait()
        told = tail(output)
    if status is None:
        raise NotRun(f"It ran longer than {seconds:.0f} s and was ended. {told}".strip())
    return status, told


def wait(process: subprocess.Popen, seconds: float) -> int | None:
    """Return the exit status; None if the time is over. Raises Stopped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(CHECK_EVERY, seconds))
        if shutdown.is_cut():
            raise Stopped
    return None


def end(group: int) -> None:
    """Kill a program and every process that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def tail(output: IO[bytes]) -> str:
    """Return the end of an output, as text that a database takes."""
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - 4 * MOST_OUTPUT))
    return storable(output.read().decode(errors="replace")).strip()[-MOST_OUTPUT:]


def run_program(delivery: Delivery) -> str:
    """Run the administrator's program, once: a failed run may have done half of its work."""
    program = delivery.channel.program
    assert program is not None
    values = {place: one_line(str(delivery.body[place])) for place in command_lines.PLACES}
    try:
        command_lines.check(program.words, settings.PROGRAM_DIR)
        status, output = run(command_lines.fill(program.words, values), program.timeout)
    except command_lines.NotRun as error:
        raise NotDelivered(str(error), for_good=True) from error
    if status:
        raise NotDelivered(f"It ended with status {status}. {output}".strip(), for_good=True)
    return output or "It ran and printed nothing."
