"""The parts of the site: web, the clusters that run jobs, and housekeeping."""

import socket
from collections.abc import Mapping
from functools import partial

from django.core.management import call_command

from jobsite.jobs.queue.cluster import run_cluster
from jobsite.jobs.server import web
from jobsite.jobs.server.part import Part


def parts(listener: socket.socket | None, clusters: Mapping[str, int]) -> list[Part]:
    """Return web on a listening socket, the clusters (workers by name), and housekeeping.

    A host that answers no requests has no socket. Each looks after its own processes, so that none
    is without housekeeping.
    """
    queues = [
        Part(f"cluster-{name}", partial(run_cluster, name, workers))
        for name, workers in clusters.items()
    ]
    webs = [Part("web", partial(web.serve, listener), keeps=listener)] if listener else []
    return [*webs, *queues, Part("housekeeping", partial(call_command, "housekeeping"))]
