"""Fits in processes of their own, so that any of them can be killed at any moment.

A server process with everything imported forks one child per task in milliseconds. It is itself
forked from the process that runs the job, before that has threads; what has threads already starts
one that imports everything anew. The process that runs the job never fits anything itself, so no
lock of a library can be inherited.
"""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from jobsite.jobs.processes import family, memory_mb, set_name

_CONTEXT = multiprocessing.get_context("forkserver")
_KILLED = (
    "The process that ran this fit was killed, most likely because memory ran out. "
    "Try fewer rows or columns."
)

Work = Callable[..., Iterator[Any]]


@dataclass(frozen=True, slots=True)
class FitMessage:
    """A message from a task: a value, its end, or why it failed."""

    tag: Any
    value: Any = None
    ended: bool = False
    error: str = ""


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep the children from importing the main module of this process again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def fork_server() -> None:
    """Fork the server from this process, which has imported everything and has one thread."""
    np.random.seed()  # that of the image is the same for all its forks
    address = str(Path(tempfile.mkdtemp()) / "fits")
    alive, held = os.pipe()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        pid = os.fork()
        if pid == 0:
            _serve_forks(listener.detach(), alive)
    os.close(alive)
    # What `ensure_running` notes of a server that it has started itself.
    server: Any = forkserver._forkserver
    server._forkserver_address, server._forkserver_alive_fd, server._forkserver_pid = (
        address,
        held,
        pid,
    )


def _serve_forks(listener: int, alive: int) -> None:
    """Be the server, with nothing of its parent but what it needs; never returns."""
    try:
        set_name("training fits")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)  # the line to the supervisor is its parent's
        first, second = sorted((listener, alive))
        os.closerange(3, first)
        os.closerange(first + 1, second)
        os.closerange(second + 1, os.sysconf("SC_OPEN_MAX"))
        forkserver.main(listener, alive, preload=[])
    finally:
        os._exit(0)


def _ensure_server() -> None:
    """Start a server that imports what it needs, where none was forked."""
    _CONTEXT.set_forkserver_preload(["training.evaluation.final_fit"])
    with _without_main():
        forkserver.ensure_running()


class Pool:
    """At most `slots` tasks at a time, each in a fresh process with one thread."""

    def __init__(self, slots: int) -> None:
        self.slots = max(1, slots)
        self._running: dict[Hashable, tuple[Any, connection.Connection]] = {}
        _ensure_server()

    def wait_ready(self) -> None:
        """Return once the server has imported what it forks; until then `start` would block."""
        process = _CONTEXT.Process(target=_nothing, daemon=True)
        with _without_main():
            process.start()
        process.join()

    @property
    def running(self) -> list[Any]:
        """The tags of what runs now."""
        return list(self._running)

    def process_of(self, tag: Hashable) -> int:
        """Return the process that carries out this task."""
        return int(self._running[tag][0].pid)

    @property
    def is_full(self) -> bool:
        """True while no more work can be started."""
        return len(self._running) >= self.slots

    def start(self, tag: Hashable, work: Work, *arguments: Any) -> None:
        """Start `work(*arguments)`, a generator whose values come back as messages."""
        receiver, sender = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_carry_out, args=(sender, work, arguments), daemon=True)
        with _without_main():
            process.start()
        sender.close()
        self._running[tag] = (process, receiver)

    def messages(self, timeout: float) -> list[FitMessage]:
        """Wait up to `timeout` seconds and return what has come in."""
        waiting = {receiver: tag for tag, (_, receiver) in self._running.items()}
        ready = connection.wait(list(waiting), timeout)
        return [self._receive(waiting[receiver]) for receiver in ready]  # type: ignore[index]

    def _receive(self, tag: Hashable) -> FitMessage:
        process, receiver = self._running[tag]
        try:
            kind, value = receiver.recv()
        except EOFError:
            process.join()
            cause = _cause_of_death(process.exitcode)
            self._forget(tag)
            return FitMessage(tag, error=cause)
        if kind == "value":
            return FitMessage(tag, value=value)
        process.join()
        self._forget(tag)
        return FitMessage(tag, ended=True) if kind == "end" else FitMessage(tag, error=value)

    def kill(self, tag: Hashable) -> None:
        """End a task at once."""
        process, _ = self._running[tag]
        process.kill()
        process.join()
        self._forget(tag)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every task that still runs."""
        for tag in self.running:
            self.kill(tag)

    def _forget(self, tag: Hashable) -> None:
        process, receiver = self._running.pop(tag)
        receiver.close()
        process.close()


def _nothing() -> None:
    pass


def _cause_of_death(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return _KILLED
    cause = signal.Signals(-code).name if code and code < 0 else f"exit status {code}"
    return f"The process that ran this fit died ({cause})."


def _carry_out(sender: connection.Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        try:
            for value in work(*arguments):
                sender.send(("value", value))
            sender.send(("end", None))
        except MemoryError:
            sender.send(("error", "There was not enough memory. Try fewer rows or columns."))
        except OSError as error:
            full = error.errno == errno.ENOSPC
            cause = "The disk is full. Free some space, then train again." if full else str(error)
            sender.send(("error", cause))
        except Exception as error:
            # Whatever a library raises is the end of one row of the leaderboard, not of the job.
            reason = " ".join(str(error).split())[:300]
            sender.send(("error", f"The fit failed: {reason or type(error).__name__}"))


# Beyond this share of the limit the heaviest fit is stopped; at the limit the whole job would be.
_SHARE = 0.9


def too_heavy(pool: Pool, limit_mb: float) -> tuple[Any, str] | None:
    """Return the fit that has to go so that the job stays within its limit, and the reason."""
    held = {one.pid: memory_mb(one) for one in family(os.getpid())}
    if sum(held.values()) <= _SHARE * limit_mb or not pool.running:
        return None
    tag = max(pool.running, key=lambda running: held.get(pool.process_of(running), 0.0))
    return tag, (
        f"Stopped at {held.get(pool.process_of(tag), 0.0):,.0f} MB of memory; the limit of the "
        f"whole job is {limit_mb:,.0f} MB. Try fewer rows or columns, or a larger "
        "TRAINING_MEMORY_MB."
    )
