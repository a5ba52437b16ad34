"""A django-q2 cluster in as few processes as this site needs: a leader and its workers.

`manage.py qcluster` has three more: one only waits for the leader, as `manage.py up` does here; the
pusher hands on the messages, which the leader does by itself; and the monitor stores the results of
tasks, of which a wake-up has none.
"""

import multiprocessing
import os
import signal
import time
import uuid

from django.db import connections
from django_q.cluster import Sentinel
from django_q.conf import Conf
from django_q.signing import SignedPackage

FORK = multiprocessing.get_context("fork")


class StopFlag:
    """Set by SIGTERM, as an event that a signal handler may set cannot be one with a lock."""

    def __init__(self) -> None:
        self.leader = os.getpid()
        self.is_asked = False

    def ask(self, *_: object) -> None:
        """Ask the leader to stop; what it has forked ends at once, as without this handler."""
        if os.getpid() != self.leader:
            os._exit(1)
        self.is_asked = True


class NoResults:
    """The queue to a monitor that is not there."""

    def put(self, result: object) -> None:
        """Forget a result, which says nothing."""


class Leader(Sentinel):
    """django-q2's sentinel without pusher, monitor and scheduler, and with no process above it."""

    def __init__(self) -> None:
        flag = StopFlag()
        super().__init__(flag, None, uuid.uuid4(), start=False)
        # A queue that writes at once: one with a thread could not be in a process that forks.
        self.task_queue = FORK.SimpleQueue()
        self.result_queue = NoResults()
        signal.signal(signal.SIGTERM, flag.ask)

    def spawn_cluster(self) -> None:
        """Start as many workers as the cluster has."""
        for _ in range(self.pool_size):
            self.spawn_worker()

    def spawn_worker(self) -> None:
        """Fork a worker, without a connection to the database."""
        connections.close_all()
        super().spawn_worker()

    def guard(self) -> None:
        """Hand on wake-ups, and replace workers that die, until the cluster is asked to stop."""
        while not self.stop_event.is_asked:
            for process in list(self.pool):
                if not process.is_alive():
                    self.reincarnate(process)
            if not self.task_queue.empty():  # a free worker would have taken it
                time.sleep(Conf.POLL)
                continue
            for _, task in self.broker.dequeue() or ():  # which waits where there is none
                self.task_queue.put(SignedPackage.loads(task))
        self.stop()

    def stop(self) -> None:
        """Let each worker end once it has run what it has taken."""
        for _ in self.pool:
            self.task_queue.put("STOP")
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
