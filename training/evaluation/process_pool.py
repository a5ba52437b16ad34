"""Fits in processes of their own, so that any of them can be killed at any moment.

A server process with everything imported forks one child per task in milliseconds. It is itself
forked from the process that runs the job, before that has threads; what has threads already starts
one that imports everything anew. The process that runs the job never fits anything itself, so no
lock of a library can be inherited.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import types
from collections.abc import Hashable, Iterator
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

import numpy as np

from jobsite.jobs.processes import family, memory_mb, set_name
from training.evaluation.fit_pool import KILLED, FitMessage, FitPool, Work, carried_out

_CONTEXT = multiprocessing.get_context("forkserver")
# Beyond this share of the limit the heaviest fit is stopped; at the limit the whole job would be.
_SHARE = 0.9


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


class Pool(FitPool):
    """The processes of this machine: each task has a fresh one, with one thread."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        _ensure_server()

    def wait_ready(self) -> None:
        process = _CONTEXT.Process(target=_nothing, daemon=True)
        with _without_main():
            process.start()
        process.join()

    def process_of(self, tag: Hashable) -> int:
        """Return the process that carries out this task."""
        return int(self._running[tag][0].pid)

    def start(self, tag: Hashable, work: Work, *arguments: Any) -> None:
        receiver, sender = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_carry_out, args=(sender, work, arguments), daemon=True)
        with _without_main():
            process.start()
        sender.close()
        self._running[tag] = (process, receiver)

    def messages(self, timeout: float) -> list[FitMessage]:
        waiting = {receiver: tag for tag, (_, receiver) in self._running.items()}
        ready = connection.wait(list(waiting), timeout)
        return [self._receive(waiting[receiver]) for receiver in ready]

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
        process, _ = self._running[tag]
        process.kill()
        process.join()
        self._forget(tag)

    def too_heavy(self, limit_mb: float) -> tuple[Any, str] | None:
        held = {one.pid: memory_mb(one) for one in family(os.getpid())}
        if sum(held.values()) <= _SHARE * limit_mb or not self.running:
            return None
        tag = max(self.running, key=lambda running: held.get(self.process_of(running), 0.0))
        return tag, (
            f"Stopped at {held.get(self.process_of(tag), 0.0):,.0f} MB of memory; the limit of the "
            f"whole job is {limit_mb:,.0f} MB. Try fewer rows or columns, or a larger "
            "TRAINING_MEMORY_MB."
        )

    def _forget(self, tag: Hashable) -> None:
        process, receiver = self._running.pop(tag)
        receiver.close()
        process.close()


def _nothing() -> None:
    pass


def _cause_of_death(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return KILLED
    cause = signal.Signals(-code).name if code and code < 0 else f"exit status {code}"
    return f"The process that ran this fit died ({cause})."


def _carry_out(sender: connection.Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    for message in carried_out(work, arguments):
        sender.send(message)
