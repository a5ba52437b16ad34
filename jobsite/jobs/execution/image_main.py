"""The image, from which processes are forked; its argument is its name, its requests are at 0.

It has imported the runners of its kinds, has one thread and no connection to the database, and
runs nothing itself: no library may have started threads that a fork would not have.
"""

import contextlib
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import django
from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

from jobsite.jobs.execution import limits
from jobsite.jobs.processes import die_with_parent, freeze_memory, kill_group, lower_limit, set_name

CHECK_EVERY = 5.0
MESSAGE = 2**16  # bytes, at most
MOST_DESCRIPTORS = 8


@dataclass
class ImageServer:
    """The loop that forks, and tells how its forks have ended."""

    requests: socket.socket
    lines: dict[int, socket.socket] = field(default_factory=dict)
    """To whoever asked for a process, by its id."""
    ended: set[int] = field(default_factory=set)
    """Processes that are dead and not reaped: meanwhile nobody else gets their number."""
    stopping: bool = False
    asked_at: float = field(default_factory=time.monotonic)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, idle: float) -> None:
        """Serve until nobody has asked for `idle` seconds, or SIGTERM and the end of all forks."""
        wake, self.woken = socket.socketpair()
        for end in (wake, self.woken):
            end.setblocking(False)
        self.wake = wake
        signal.set_wakeup_fd(self.woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.stop)
        self.selector.register(self.requests, selectors.EVENT_READ)
        self.selector.register(wake, selectors.EVENT_READ)
        while not self.is_done(idle):
            ready = {key.fileobj for key, _ in self.selector.select(min(idle, CHECK_EVERY))}
            if wake in ready:
                wake.recv(MESSAGE)
            self.report_ends()
            self.end_abandoned(ready)
            if self.requests in ready and not self.stopping:
                self.take()

    def stop(self, *_: object) -> None:
        """Take no request any more, and end with the last process: it may be saving its work."""
        self.stopping = True

    def is_done(self, idle: float) -> bool:
        """Return whether nothing is left to do."""
        if self.lines:
            self.asked_at = time.monotonic()
            return False
        return self.stopping or time.monotonic() - self.asked_at > idle

    def take(self) -> None:
        """Read a request and fork the process that it asks for."""
        request, descriptors = receive(self.requests)
        self.asked_at = time.monotonic()
        if not descriptors:
            return  # a request to be warm
        line, *passed = descriptors
        control = socket.socket(fileno=line)
        pid = os.fork()
        if pid == 0:
            self.begin(control, passed, request)
        for descriptor in passed:
            os.close(descriptor)
        self.lines[pid] = control
        self.selector.register(control, selectors.EVENT_READ, pid)

    def begin(self, control: socket.socket, passed: list[int], request: dict[str, Any]) -> None:
        """Be the process that was asked for; never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent(signal.SIGKILL)
            os.setsid()
            self.selector.close()
            for end in (self.requests, self.wake, self.woken, *self.lines.values()):
                end.close()
            control.send(json.dumps({"pid": os.getpid()}).encode())
            control.close()
            import_string(request["call"])(passed, *request["arguments"])
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def report_ends(self) -> None:
        """Tell who asked for a process how it has ended."""
        for pid, line in self.lines.items():
            if pid in self.ended:
                continue
            end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if end is not None:
                self.ended.add(pid)
                by_exit = end.si_code == os.CLD_EXITED
                status = end.si_status if by_exit else -end.si_status
                with contextlib.suppress(OSError):
                    line.send(json.dumps({"status": status}).encode())

    def end_abandoned(self, ready: set[Any]) -> None:
        """Kill and reap the processes whose askers are gone or done with them."""
        for pid, line in list(self.lines.items()):
            if line in ready:
                kill_group(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # before it leads a group
                os.waitpid(pid, 0)
                self.selector.unregister(line)
                line.close()
                del self.lines[pid]
                self.ended.discard(pid)

    def refuse(self) -> None:
        """Tell all who wait that there will be no process."""
        self.requests.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                _, descriptors = receive(self.requests)
                for number in descriptors[:1]:
                    with socket.socket(fileno=number) as line, contextlib.suppress(OSError):
                        line.send(json.dumps({"status": 1}).encode())
                for number in descriptors[1:]:
                    os.close(number)


def receive(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a request and the descriptors that came with it."""
    message, descriptors, _, _ = socket.recv_fds(requests, MESSAGE, MOST_DESCRIPTORS)
    if not message:
        raise SystemExit(0)  # the root is gone
    return json.loads(message), descriptors


def load(paths: Callable[[], list[str]]) -> None:
    """Import what the forks need, and keep it out of the garbage collector's hands."""
    django.setup()
    limits.forget_secrets()
    for path in paths():
        import_string(path)
    connections.close_all()
    freeze_memory()


def main() -> None:
    """Import what the forks need, then serve."""
    name = sys.argv[1]
    set_name(f"image-{name}")
    lower_limit(resource.RLIMIT_CORE, 0)
    requests = socket.socket(fileno=os.dup(0))
    server = ImageServer(requests)

    def paths() -> list[str]:
        from jobsite.jobs.models import kinds  # noqa: PLC0415 (models exist only after the set-up)

        return kinds.runners_of_image(name)

    try:
        load(paths)
    except BaseException:
        traceback.print_exc()
        server.refuse()
        raise SystemExit(1) from None
    server.asked_at = time.monotonic()
    server.run(settings.IDLE_SECONDS)
