"""A part of the site: a child process of `manage.py up`, forked from its image, with restarts."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from typing import Protocol

from django.conf import settings

from jobsite.jobs import pid_files, processes

WATCH_EVERY = 2.0  # what it costs is paid for months
LONGEST_CHECK = 2 * WATCH_EVERY
HEALTHY_AFTER = 60.0
LONGEST_REST = 30.0

FORK = multiprocessing.get_context("fork")
STOPPING = (signal.SIGTERM, signal.SIGINT)


class Closable(Protocol):
    """A file or a socket."""

    def close(self) -> object:
        """Close it in this process."""


@dataclass
class Part:
    """A child process of the root, with its restarts."""

    name: str
    run: Callable[[], object]
    """Called in the process of the part, which ends with it."""
    keeps: Closable | None = None
    """What it keeps open of that which is the root's own."""
    is_wanted: Callable[[], bool] | None = None
    """Asked for one that is started on demand and ends by itself; None: it always runs."""
    process: ForkProcess | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    beat: float | None = None
    """Its last beat that was seen."""
    watched: float = 0.0
    idle: float = 0.0
    """Seconds for which it did nothing, up to `watched` on the monotonic clock."""

    def start(self, own: Iterable[Closable] = ()) -> None:
        """Fork the part in a session of its own; `own` is what only the root may hold open."""
        self.process = FORK.Process(target=self._begin, args=[list(own)], name=self.name)
        with signals_held():
            self.process.start()
        self.started = self.watched = time.monotonic()
        self.idle = 0.0
        assert self.process.pid is not None
        with contextlib.suppress(OSError):
            pid_files.note(self.name, self.process.pid)

    def _begin(self, own: Iterable[Closable]) -> None:
        os.setsid()
        processes.die_with_parent()
        processes.set_name(self.name)
        for one in own:
            if one is not self.keeps:
                one.close()
        # A fork inherits the handlers of the root.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        os.chdir(settings.BASE_DIR)
        self.run()

    @property
    def pid(self) -> int:
        """The id of its process, which has been started."""
        assert self.process is not None and self.process.pid is not None
        return self.process.pid

    @property
    def exit_status(self) -> int:
        """How it ended, as `subprocess` has it: negative for a signal."""
        assert self.process is not None and self.process.exitcode is not None
        return self.process.exitcode

    def has_died(self) -> bool:
        """Return whether the part ran and is dead now."""
        return self.process is not None and self.process.exitcode is not None

    def has_finished(self) -> bool:
        """Return whether the part ended by itself, and may."""
        return self.is_wanted is not None and self.has_died() and self.exit_status == 0

    def is_due(self) -> bool:
        """Return whether the part has to be started now."""
        if self.process is not None or time.monotonic() < self.start_at:
            return False
        return self.is_wanted is None or self.is_wanted()

    def kill(self) -> None:
        """Kill the part with all that it started, and wait for its end."""
        assert self.process is not None
        processes.kill_group(self.pid)
        # Before its setsid it is in the group of the root, which the line above does not reach.
        self.process.kill()
        self.process.join()

    def is_stuck(self) -> bool:
        """Return whether the part has been stopped, or silent, for `SILENT_AFTER` seconds.

        A stopped process (SIGSTOP) is alive for its parent and does nothing. One that beats says
        by itself that it goes on, once it has started. The clock of the beats may be set, and a
        disk that stalls holds up the root as well: what counts is that a beat is followed by none
        while the root itself looks regularly.
        """
        if self.process is None:
            return False
        now, beat = time.monotonic(), pid_files.last_beat(self.name)
        is_young = now - self.started < HEALTHY_AFTER
        is_silent = not is_young and beat is not None and beat == self.beat
        if is_silent or processes.is_stopped(self.pid):
            self.idle += min(now - self.watched, LONGEST_CHECK)
        else:
            self.idle = 0.0
        self.watched, self.beat = now, beat
        return self.idle > pid_files.SILENT_AFTER

    def rest_seconds(self) -> float:
        """Return the wait before the next start: 0, then 1, 2, 4 ... s while it keeps dying."""
        if time.monotonic() - self.started > HEALTHY_AFTER:
            self.failures = 0
        rest = min(2.0 ** (self.failures - 1), LONGEST_REST) if self.failures else 0.0
        self.failures += 1
        return rest


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold back the signals that stop, until a fork has its own handlers of them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
