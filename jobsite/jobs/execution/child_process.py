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
from jobsite.jobs.execution import images, limits
from jobsite.jobs.models import kinds
from jobsite.jobs.models.job import Job
from jobsite.jobs.processes import family, memory_mb, signal_group

# Not `-m`: multiprocessing would import that module anew in each process that job code starts.
CODE = "from jobsite.jobs.execution.child_main import main; main()"
SERVE = "jobsite.jobs.execution.child_main.serve_fork"


class Child:
    """A process in a session of its own that reports over a pipe.

    It is forked from the image of its cluster if this process can ask for that, else exec'd.
    """

    def __init__(self, cluster: str) -> None:
        self.read_end, write_end = os.pipe()
        stdin, self.write_end = os.pipe()
        # Its own, because it ends without removing what libraries have put there.
        self.temporary = tempfile.mkdtemp()
        self.process: subprocess.Popen | images.ForkedProcess
        image = kinds.image_of(cluster)
        if images.is_there(image):
            passed = [stdin, write_end]
            self.process = images.ForkedProcess(image, SERVE, [cluster, self.temporary], passed)
        else:
            self.process = subprocess.Popen(
                [sys.executable, "-c", CODE, str(write_end), cluster],
                stdin=stdin,
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
        os.close(stdin)
        os.close(write_end)
        os.set_blocking(self.read_end, False)
        self.rest = b""

    def write_line(self, line: str) -> None:
        """Write one line to the child. If the child is dead, the supervisor finds out elsewhere."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.write_end, line.encode() + b"\n")

    def assign(self, job: Job, cpu: int | None) -> None:
        """Write the assignment to the child: which job, and its processor time in seconds."""
        which = {"kind": job.kind, "pk": str(job.pk), "attempt": job.attempt}
        self.write_line(json.dumps({**which, "cpu": cpu}))

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

    @property
    def is_lost(self) -> bool:
        """Whether the process was killed with the image from which it was forked."""
        return isinstance(self.process, images.ForkedProcess) and self.process.is_lost

    def family(self) -> list[psutil.Process]:
        """Return the child and every process that it started; none while it is not there yet."""
        return family(self.process.pid) if self.process.pid else []

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
        return self.process.wait()

    def close(self) -> None:
        """Close the pipes, once all messages are read, and remove the temporary files."""
        os.close(self.read_end)
        os.close(self.write_end)
        if isinstance(self.process, images.ForkedProcess):
            self.process.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def save_and_end(self, grace: float) -> int:
        """Ask the child to save its work, and end it after `grace` seconds at the latest."""
        self.write_line("stop")
        deadline = time.monotonic() + grace
        while self.is_alive and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.end()

    def _signal(self, number: signal.Signals) -> None:
        if isinstance(self.process, images.ForkedProcess):
            self.process.send_signal(number)
        else:
            signal_group(self.process.pid, number)
