"""A django-q2 cluster in as few processes as this site needs: a leader, its pusher, its workers.

`manage.py qcluster` has two more: one only waits for the leader, as `manage.py up` does here, and
the monitor stores the results of tasks, of which a wake-up has none.
"""

import os
import signal
import time
import uuid

from django.db import connections
from django_q.cluster import Sentinel
from django_q.conf import Conf


class StopFlag:
    """The event on which the leader waits; the signal handler of its own process sets it."""

    def __init__(self) -> None:
        self.leader = os.getpid()
        self.is_asked = False

    def ask(self, *_: object) -> None:
        """Ask the leader to stop; what it has forked ends at once, as without this handler."""
        if os.getpid() != self.leader:
            os._exit(1)
        self.is_asked = True

    def set(self) -> None:
        """Do nothing when the leader says that it has started; nobody waits for that."""

    def wait(self, seconds: float) -> bool:
        """Sleep, and return whether the cluster has been asked to stop meanwhile."""
        time.sleep(seconds)
        return self.is_asked


class NoResults:
    """The queue to a monitor that is not there."""

    def put(self, result: object) -> None:
        """Forget a result, which says nothing."""


class Leader(Sentinel):
    """django-q2's sentinel without a monitor, a scheduler, and a process above it."""

    def __init__(self) -> None:
        flag = StopFlag()
        super().__init__(flag, flag, uuid.uuid4(), start=False)
        self.result_queue = NoResults()
        signal.signal(signal.SIGTERM, flag.ask)

    def spawn_cluster(self) -> None:
        """Start the workers and the pusher."""
        connections.close_all()
        for _ in range(self.pool_size):
            self.spawn_worker()
        self.pusher = self.spawn_pusher()

    def guard(self) -> None:
        """Replace the processes that die, until the cluster is asked to stop."""
        while not self.stop_event.wait(Conf.GUARD_CYCLE):
            for process in (*self.pool, self.pusher):
                if not process.is_alive():
                    self.reincarnate(process)
        self.stop()

    def stop(self) -> None:
        """Let the pusher end, then each worker once it has run what it has taken."""
        self.event_out.set()
        self.pusher.join()
        for _ in self.pool:
            self.task_queue.put("STOP")
        self.task_queue.close()
        self.task_queue.join_thread()
        for process in self.pool:
            process.join()


def run_cluster(name: str, workers: int) -> None:
    """Be a cluster until SIGTERM.

    django-q2 settles which cluster a process is as it is imported, by the environment variable;
    this one was forked after that.
    """
    os.environ["Q_CLUSTER_NAME"] = name
    Conf.CLUSTER_NAME, Conf.WORKERS = name, workers
    Leader().start()
