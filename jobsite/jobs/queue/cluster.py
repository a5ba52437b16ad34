"""A django-q2 cluster in a process that was forked after django-q2 had read its settings."""

import os

from django.core.management import call_command
from django_q.conf import Conf


def run_cluster(name: str, workers: int) -> None:
    """Be a cluster until SIGTERM, as `Q_CLUSTER_NAME=name manage.py qcluster` is.

    django-q2 settles which cluster it is as it is imported, by that variable.
    """
    os.environ["Q_CLUSTER_NAME"] = name
    Conf.CLUSTER_NAME, Conf.WORKERS = name, workers
    call_command("qcluster")
