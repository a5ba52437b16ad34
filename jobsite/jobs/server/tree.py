"""The process tree of `manage.py up`: web, clusters and housekeeping under one root."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.conf import settings

from jobsite.jobs import pid_files, processes, shutdown

CHECK_EVERY = 0.2
WATCH_EVERY = 2.0  # what it costs is paid for months
LONGEST_CHECK = 2 * WATCH_EVERY
STOP_WITHIN = 17.0
HEALTHY_AFTER = 60.0
LONGEST_REST = 30.0
TEMPORARY = "jobsite-"
REQUEST_LINE = 32 * 1024  # bytes: programs name hundreds of torrents in an address
SHARED_MEMORY = "/dev/shm"  # noqa: S108 (gunicorn makes files of random names there)


class AlreadyRunning(Exception):
    """Another tree works on the same data folder."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of the data folder. Raises AlreadyRunning."""
    with (settings.RUN_DIR / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield


@dataclass
class Part:
    """A child process of the root, with its restarts."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    inherited: list[int] = field(default_factory=list)
    """Descriptors that it gets beside the lifeline."""
    process: subprocess.Popen | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    beat: float | None = None
    """Its last beat that was seen."""
    watched: float = 0.0
    idle: float = 0.0
    """Seconds for which it did nothing, up to `watched` on the monotonic clock."""

    def start(self, line: int) -> None:
        """Start the part in a process group of its own, with the lifeline."""
        self.process = subprocess.Popen(
            self.command,
            pass_fds=[line, *self.inherited],
            env={**os.environ, **self.environment, shutdown.VARIABLE: str(line)},
            cwd=settings.BASE_DIR,
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )
        self.started = self.watched = time.monotonic()
        self.idle = 0.0
        with contextlib.suppress(OSError):
            pid_files.note(self.name, self.process.pid)

    def has_died(self) -> bool:
        """Return whether the part ran and is dead now."""
        return self.process is not None and self.process.poll() is not None

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
        if is_silent or processes.is_stopped(self.process.pid):
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


def parts(listener: int, clusters: Iterable[str]) -> list[Part]:
    """Return the parts of the tree: web on a listening descriptor, the clusters, housekeeping."""
    manage = settings.MANAGE
    web = [
        *(sys.executable, "-m", "gunicorn", "jobsite.wsgi"),
        *("--bind", f"fd://{listener}"),
        *("--worker-class", "jobsite.jobs.server.gunicorn_worker.Worker"),
        # Many threads, because a slow caller holds one; few of them compute at once (slots).
        *("--workers", "2", "--threads", "64"),
        # Programs poll every few seconds and fail where an idle connection is closed first.
        *("--keep-alive", "15", "--limit-request-line", str(REQUEST_LINE)),
        *("--timeout", "25", "--graceful-timeout", "5", "--preload", "--no-control-socket"),
        # A proxy that passes these on would let strangers choose the path of our links.
        *("--forwarder-headers", ""),
        # A disk that stalls must not make the workers look stuck.
        *("--log-level", "warning", "--worker-tmp-dir", memory_folder()),
    ]
    queues = [
        Part(f"cluster-{name}", [*manage, "qcluster"], {"Q_CLUSTER_NAME": name})
        for name in clusters
    ]
    return [
        Part("web", web, inherited=[listener]),
        *queues,
        Part("housekeeping", [*manage, "housekeeping"]),
    ]


def memory_folder() -> str:
    """Return a folder in memory, else the run folder."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else str(settings.RUN_DIR)


class Tree:
    """Starts the parts, restarts those that die, and stops all of them."""

    def __init__(self, parts: list[Part], say: Callable[[str], object]) -> None:
        self.parts = parts
        self.say = say
        self.stopping = False
        self.watched = float("-inf")

    def run(self) -> None:
        """Run until SIGTERM or Ctrl-C."""
        for name in pid_files.kill_leftovers():
            self.say(f"{name}: ended what an earlier run had left behind.")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        line, self.held = os.pipe()
        with temporary_folder() as folder:
            for part in self.parts:
                part.environment["TMPDIR"] = folder
                part.start(line)
            while not self.stopping:
                self.watch()
                self.restart_dead(line)
                reap_orphans({part.process.pid for part in self.parts if part.process})
                time.sleep(CHECK_EVERY)
            self.stop()

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
                assert part.process is not None
                self.say(f"{part.name} does nothing any more and is ended.")
                processes.kill_group(part.process.pid)
                part.process.wait()

    def restart_dead(self, line: int) -> None:
        """Restart the parts that have died, each with its own back-off."""
        for part in self.parts:
            if part.has_died():
                assert part.process is not None
                # What the dead part had started must be gone before its successor begins.
                processes.kill_group(part.process.pid)
                rest = part.rest_seconds()
                how = describe(part.process.returncode)
                self.say(f"{part.name} {how}; it is started again in {rest:.0f} s.")
                pid_files.count_restart(part.name)
                part.process, part.start_at = None, time.monotonic() + rest
            if part.process is None and time.monotonic() >= part.start_at:
                part.start(line)

    def stop(self) -> None:
        """Stop everything within 20 seconds: ask first, then kill."""
        self.say("Stopping ...")
        os.close(self.held)  # supervisors see the end of their lifeline and save their jobs
        running = [part for part in self.parts if part.process is not None]
        for part in running:
            assert part.process is not None
            with contextlib.suppress(ProcessLookupError):
                part.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN
        while time.monotonic() < deadline and not all(part.has_died() for part in running):
            time.sleep(0.05)
        for part in running:
            assert part.process is not None
            if not part.has_died():
                self.say(f"{part.name} did not stop by itself and was killed.")
            processes.kill_group(part.process.pid)
            part.process.wait()
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
def temporary_folder() -> Iterator[str]:
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
        yield folder
    noted.unlink(missing_ok=True)


def describe(returncode: int) -> str:
    """Return a phrase for how a part ended."""
    if returncode < 0:
        return f"was killed ({signal.Signals(-returncode).name})"
    return f"ended (exit status {returncode})"
