"""Images: processes that have imported the runners of some kinds, and fork others on demand.

The root makes a socket for each image before it forks the parts, so that every process of the site
can ask an image for a fork, and nobody else can. It starts an image once something waits at its
socket; an image that nobody asks for long ends, which gives its memory back.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from jobsite.jobs.execution import limits
from jobsite.jobs.processes import signal_group

# Not `-m`: multiprocessing would import that module anew in each process that job code starts.
CODE = "from jobsite.jobs.execution.image_main import main; main()"
MESSAGE = 2**16  # bytes, at most
POLL_EVERY = 0.05


@dataclass(frozen=True)
class Image:
    """The two ends of an image's socket."""

    name: str
    near: socket.socket
    """Whoever wants a fork writes to this end."""
    far: socket.socket
    """What is asked for waits here, until the image reads it."""

    def is_asked(self) -> bool:
        """Return whether something waits for the image."""
        return bool(select.select([self.far], [], [], 0)[0])

    def run(self) -> None:
        """Become the image: by exec, so that nothing of the site's own secrets is in it."""
        os.dup2(self.far.fileno(), 0)
        full = {**os.environ, "DJANGO_SETTINGS_MODULE": str(settings.SETTINGS_MODULE)}
        command = [sys.executable, "-c", CODE, self.name]
        os.execve(sys.executable, command, limits.environment(full))  # noqa: S606


IMAGES: dict[str, Image] = {}


def make(names: Iterable[str]) -> list[Image]:
    """Make the sockets of images, in the process from which all that ask them are forked."""
    kind = (socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made = [Image(name, *socket.socketpair(*kind)) for name in names]
    IMAGES.update({image.name: image for image in made})
    return made


def is_there(name: str) -> bool:
    """Return whether this process can ask for forks of an image."""
    return name in IMAGES


def warm(name: str) -> None:
    """Have an image started, or kept, because a fork will be wanted soon; costs nothing."""
    with contextlib.suppress(KeyError, OSError):
        IMAGES[name].near.send(b"{}", socket.MSG_DONTWAIT)


class ForkedProcess:
    """A process that an image has forked, or will have, with the verbs of `subprocess.Popen`."""

    def __init__(
        self, name: str, call: str, arguments: Sequence[Any], descriptors: Sequence[int]
    ) -> None:
        """Ask an image for a process that calls `call(descriptors, *arguments)` and ends.

        `call` is a dotted path. The descriptors are passed on. The process leads a session of its
        own, and ends with the image, and with the process that has asked for it.
        """
        self.pid: int | None = None
        """None until the image has forked it, which takes seconds if that has to start first."""
        self.returncode: int | None = None
        self.is_lost = False
        """Whether it was killed because the image died."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            message = json.dumps({"call": call, "arguments": arguments}).encode()
            socket.send_fds(IMAGES[name].near, [message], [theirs.fileno(), *descriptors])

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs or is awaited."""
        self._listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._listen(POLL_EVERY)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the group of the process; one that is not there yet never will be."""
        if self.poll() is None and self.pid is None:
            self._end(-number)
        elif self.pid is not None:
            signal_group(self.pid, number)

    def close(self) -> None:
        """Let the image forget the process; one that runs still is killed."""
        self._line.close()

    def _listen(self, seconds: float) -> None:
        while self.returncode is None and select.select([self._line], [], [], seconds)[0]:
            try:
                message = self._line.recv(MESSAGE)
            except ConnectionResetError:
                message = b""
            if not message:
                self.is_lost = True
                self._end(-signal.SIGKILL)
                return
            said = json.loads(message)
            self.pid = said.get("pid", self.pid)
            self.returncode = said.get("status")

    def _end(self, status: int) -> None:
        self.returncode = status
        self._line.close()
