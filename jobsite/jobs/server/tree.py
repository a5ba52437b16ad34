"""The process tree of `manage.py up`: web, clusters and housekeeping under one root."""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import FrameType
from typing import IO

from django.conf import settings

from jobsite.jobs import pid_files, shutdown
from jobsite.jobs.server import image
from jobsite.jobs.server.part import WATCH_EVERY, Closable, Part

CHECK_EVERY = 0.2
STOP_WITHIN = 17.0
TEMPORARY = "jobsite-"


class AlreadyRunning(Exception):
    """Another tree works on the same data folder, or as the same host of several.

    The argument is the name of the host on which it runs.
    """


@contextlib.contextmanager
def alone() -> Iterator[list[IO[str]]]:
    """Hold the lock of the data folder, which several hosts share. Raises AlreadyRunning."""
    with (
        (pid_files.run_folder() / "up.lock").open("a+") as folder,
        (settings.RUN_DIR / "up.lock").open("a+") as host,
    ):
        try:
            # Two descriptors of one file exclude each other, and so SQLite's one host takes one.
            if settings.MANY_HOSTS:
                fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(host, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            host.seek(0)
            raise AlreadyRunning(host.read().strip()) from None
        host.truncate(0)
        host.write(f"{settings.HOST}\n")
        host.flush()
        yield [folder, host]


class Tree:
    """Starts the parts, restarts those that die, and stops all of them."""

    def __init__(
        self, parts: list[Part], say: Callable[[str], object], own: Collection[Closable] = ()
    ) -> None:
        self.parts = parts
        self.say = say
        self.own = list(own)
        """What only the root holds open: a fork would keep a lock that must end with the root."""
        self.stopping = False
        self.watched = float("-inf")

    def run(self) -> None:
        """Run until SIGTERM or Ctrl-C."""
        image.freeze()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        line, held = os.pipe()
        os.environ[shutdown.VARIABLE] = str(line)
        self.held = os.fdopen(held, "wb")
        self.own.append(self.held)
        with temporary_folder():
            try:
                while not self.stopping:
                    self.watch()
                    self.tend()
                    reap_orphans({part.pid for part in self.parts if part.process})
                    time.sleep(CHECK_EVERY)
            finally:
                self.stop()

    def start(self, part: Part) -> None:
        """Fork a part; that of a later start is the same as the first."""
        image.check()
        part.start(self.own)

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def watch(self) -> None:
        """Beat, and look after the parts, every `WATCH_EVERY` seconds."""
        if time.monotonic() - self.watched > WATCH_EVERY:
            self.watched = time.monotonic()
            pid_files.beat("up")
            self.end_stuck()

    def end_stuck(self) -> None:
        """End the parts that do nothing any more, so that they are started again."""
        for part in self.parts:
            if part.is_stuck():
                self.say(f"{part.name} does nothing any more and is ended.")
                part.kill()

    def tend(self) -> None:
        """Start the parts, and again those that have died, each with its own back-off."""
        for part in self.parts:
            if part.has_finished():
                part.kill()
                part.process = None
                pid_files.forget(part.name)
            elif part.has_died():
                # What the dead part had started must be gone before its successor begins.
                part.kill()
                rest = part.rest_seconds()
                how = describe(part.exit_status)
                self.say(f"{part.name} {how}; it is started again in {rest:.0f} s.")
                pid_files.count_restart(part.name)
                part.process, part.start_at = None, time.monotonic() + rest
            if part.is_due():
                self.start(part)

    def stop(self) -> None:
        """Stop everything within 20 seconds: ask first, then kill."""
        self.say("Stopping ...")
        self.held.close()  # supervisors see the end of their lifeline and save their jobs
        running = [part for part in self.parts if part.process is not None]
        for part in running:
            assert part.process is not None
            part.process.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        while time.monotonic() < deadline and not all(part.has_died() for part in running):
            time.sleep(0.05)
        for part in running:
            if not part.has_died():
                self.say(f"{part.name} did not stop by itself and was killed.")
            part.kill()
            pid_files.forget(part.name)
        pid_files.forget("up")
        self.say("Stopped.")


def reap_orphans(own: Collection[int]) -> None:
    """Reap the dead processes that this one has inherited, as process 1 of a container does.

    Those in `own` are left to whoever started them and wants to know how they ended.
    """
    with contextlib.suppress(ChildProcessError):
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if dead.si_pid in own:
                return
            os.waitpid(dead.si_pid, 0)


@contextlib.contextmanager
def temporary_folder() -> Iterator[None]:
    """Make a folder for the temporary files of all parts, and remove it with them at the end.

    What a tree that was killed has left behind is removed by the next one.
    """
    noted = settings.RUN_DIR / "temporary"
    with contextlib.suppress(OSError, ValueError):
        left = Path(noted.read_text())
        if left.name.startswith(TEMPORARY) and left.lstat().st_uid == os.getuid():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as folder:
        with contextlib.suppress(OSError):
            noted.write_text(folder)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        yield
    noted.unlink(missing_ok=True)


def describe(returncode: int) -> str:
    """Return a phrase for how a part ended."""
    if returncode < 0:
        return f"was killed ({signal.Signals(-returncode).name})"
    return f"ended (exit status {returncode})"
