"""The image: a process that has imported what all parts need, from which each of them is forked.

The parts share its memory as long as nobody writes to it, and are there in milliseconds. A thread
does not survive a fork, but the lock that it holds does; a connection to the database would be
used by two processes at once. So the image has neither.
"""

import contextlib
import threading
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import DatabaseError, connections, transaction
from django.urls import get_resolver
from django.utils.module_loading import import_string

from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.processes import freeze_memory

COMMANDS = ("qcluster", "housekeeping")
THREADS = Path("/proc/self/task")  # Linux


def load() -> None:
    """Import the application, the addresses, and the commands that are parts of the site."""
    get_internal_wsgi_application()
    _ = get_resolver().reverse_dict
    import_string(str(settings.Q_CLUSTER["broker_class"]))
    for name in COMMANDS:
        load_command_class(str(get_commands()[name]), name)


def rehearse() -> None:
    """Do once what most parts do first, and undo it: what Django caches then is shared by all."""
    with contextlib.suppress(DatabaseError), transaction.atomic():
        worker = Worker.of_this_process("")
        Worker.objects.beat(worker.pk)
        for model in job_models():
            list(model.objects.doubtful())
            if model.runner:
                model.objects.claim(worker, settings.JOBS_PER_OWNER)
        transaction.set_rollback(True)


def freeze() -> None:
    """Close what no fork may use, and keep the memory that they share as it is."""
    connections.close_all()
    freeze_memory()


def check() -> None:
    """Raise AssertionError if a fork of this process would be unsafe."""
    threads = len(list(THREADS.iterdir())) if THREADS.exists() else threading.active_count()
    assert threads == 1, f"{threads} threads: {threading.enumerate()}"
    opened = [one.alias for one in connections.all(initialized_only=True) if one.connection]
    assert not opened, f"connections to the database are open: {opened}"
