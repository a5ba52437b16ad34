"""One child process that runs one job, as seen from the worker that answers for it."""

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
from typing import Any

import psutil
from django.conf import settings

from jobsite.jobs import shutdown
from jobsite.jobs.execution import limits
from jobsite.jobs.models.job import Job
from jobsite.jobs.processes import family, memory_mb

LAST_WORDS = 5  # seconds between the signal that a limit was passed and the end

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

    def write_line(self, line: str) -> None:
        """Write one line to the child. If the child is dead, the supervisor finds out elsewhere."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def assign(self, job: Job) -> None:
        """Write the assignment, a kind, a primary key and an attempt, to the child."""
        self.write_line(json.dumps({"kind": job.kind, "pk": str(job.pk), "attempt": job.attempt}))

    def limit_cpu(self, seconds: int) -> None:
        """Set a CPU limit (seconds) for each process of the family;

        what they start later inherits it.


        It stands in the kernel, in case this supervisor dies before the child.
        """
        for process in self.family():
            with contextlib.suppress(psutil.Error, AttributeError, ValueError):  # Linux only
                process.rlimit(psutil.RLIMIT_CPU, (seconds, seconds + LAST_WORDS))

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the messages that the child has sent since the last call."""
        while True:
            try:
                chunk = os.read(self.read_end, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:
                break
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            for line in lines:
                yield json.loads(line)

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
        """Whether the process still runs."""
        return self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Return the child and every process that it started."""
        return family(self.process.pid)

    def memory_mb(self) -> float:
        """Return the memory of the family in MiB, shared pages counted once (PSS)."""
        return sum(memory_mb(process) for process in self.family())

    def end(self, grace: float = 0.0) -> int:
        """End the process group (TERM, after `grace` seconds KILL) and return the exit status."""
        if self.is_alive and grace:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        # Also after a normal end: what the child started must not outlive it.
        self._signal(signal.SIGKILL)
        status = self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        return status

    def close(self) -> None:
        """Close the pipe, once all messages are read, and remove the temporary files."""
        os.close(self.read_end)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def save_and_end(self, grace: float) -> int:
        """Ask the child to save its work, and end it after `grace` seconds at the latest."""
        self.write_line("stop")
        deadline = time.monotonic() + grace
        while self.is_alive and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.end()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
