"""The child process that runs a job, as seen from the worker that answers for it.

A process of a cluster that is kept warm forks one child per job and stays (see `child_main`); any
other is the child itself. `is_alive` and `end` are about the child, `is_usable` and `close` about
the process.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from jobsite.jobs import shutdown
from jobsite.jobs.execution import limits
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import warm_seconds
from jobsite.jobs.processes import family, kill_group, memory_mb

LAST_WORDS = 5  # seconds between the signal that a limit was passed and the end
REAPED_WITHIN = 5.0  # seconds after SIGKILL for which a fork's end is awaited

# Not `-m`: multiprocessing would import that module anew in each process that job code starts.
CODE = "from jobsite.jobs.execution.child_main import main; main()"


class Child:
    """An exec'd process in a session of its own that reports over a pipe."""

    def __init__(self, cluster: str) -> None:
        self.read_end, write_end = os.pipe()
        # Its own, because it ends without removing what libraries have put there.
        self.temporary = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(write_end), cluster],
            stdin=subprocess.PIPE,
            pass_fds=[write_end],
            start_new_session=True,
            cwd=settings.BASE_DIR,
            env=limits.environment(
                {
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
                    "TMPDIR": self.temporary,
                }
            ),
        )
        os.close(write_end)
        os.set_blocking(self.read_end, False)
        self.rest = b""
        self.inbox: list[dict[str, Any]] = []
        self.forks = warm_seconds(cluster) > 0
        self.fork: int | None = None
        """The id of the process that carries out the job, if this one forked it."""
        self.status: int | None = None
        """The exit status of that fork."""
        self.is_limited = False
        self.used = time.monotonic()

    def write_line(self, line: str) -> None:
        """Write one line to the child. If the child is dead, the supervisor finds out elsewhere."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def assign(self, job: Job) -> None:
        """Write the assignment, a kind, a primary key and an attempt, to the child."""
        self.fork = self.status = None
        self.write_line(json.dumps({"kind": job.kind, "pk": str(job.pk), "attempt": job.attempt}))

    def limit_cpu(self, seconds: int) -> None:
        """Set a CPU limit (seconds) for each process of the family; what they start inherits it.

        It stands in the kernel, in case this supervisor dies before the child.
        """
        self.is_limited = True
        for process in self.family():
            with contextlib.suppress(psutil.Error, AttributeError, ValueError):  # Linux only
                process.rlimit(psutil.RLIMIT_CPU, (seconds, seconds + LAST_WORDS))

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the messages that the child has sent since the last call."""
        self.receive()
        while self.inbox:
            yield self.inbox.pop(0)

    def receive(self) -> None:
        """Read what has been sent; keep the job's messages, and note what becomes of a fork."""
        while True:
            try:
                chunk = os.read(self.read_end, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:
                break
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            for message in map(json.loads, lines):
                if "forked" in message:
                    self.fork = message["forked"]
                elif "ended" in message:
                    self.status = message["ended"]
                else:
                    self.inbox.append(message)

    def wait_for_news(self, seconds: float) -> None:
        """Sleep until the child reports, the site stops or the time (seconds) is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.read_end, selectors.EVENT_READ)
            stop = shutdown.descriptor()
            if stop is not None:
                selector.register(stop, selectors.EVENT_READ)
            selector.select(seconds)

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs."""
        self.receive()
        return self.status is None and self.process.poll() is None

    @property
    def is_usable(self) -> bool:
        """Whether the process can take a job: it is fresh, or its last fork has ended."""
        is_free = self.status is not None or self.fork is None
        return is_free and not self.is_limited and self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Return the child and every process that it started."""
        return family(self.process.pid)

    def memory_mb(self) -> float:
        """Return the memory of the family in MiB, shared pages counted once (PSS)."""
        return sum(memory_mb(process) for process in self.family())

    def end(self, grace: float = 0.0) -> int:
        """End the child's group (TERM, after `grace` seconds KILL) and return its exit status."""
        if self.is_alive and grace:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.fork or self.process.pid, signal.SIGTERM)
            self._wait(grace)
        if self.fork is not None:
            if self.status is None:
                kill_group(self.fork)
            if self._wait(REAPED_WITHIN) and self.status is not None:
                return self.status
        return self.end_process()

    def end_process(self) -> int:
        """End the process and return its exit status."""
        # Also after a normal end: what it started must not outlive it.
        kill_group(self.process.pid)
        return self.process.wait()

    def tidy(self) -> None:
        """Remove what the last job has left in the folder for temporary files."""
        self.used = time.monotonic()
        for path in Path(self.temporary).iterdir():
            path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """End the process, close the pipes, once all is read, and remove the temporary files."""
        self.end_process()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        os.close(self.read_end)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def save_and_end(self, grace: float) -> int:
        """Ask the child to save its work, and end it after `grace` seconds at the latest."""
        self.write_line("stop")
        self._wait(grace)
        return self.end()

    def _wait(self, seconds: float) -> bool:
        """Return whether the child ended within that time."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True
