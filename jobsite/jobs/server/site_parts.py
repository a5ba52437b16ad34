"""The parts of the site: web, the clusters that run jobs, and housekeeping."""

import socket
from collections.abc import Mapping
from functools import partial

from django.core.management import call_command

from jobsite.jobs.execution import images
from jobsite.jobs.models.kinds import images_of
from jobsite.jobs.queue.cluster import run_cluster
from jobsite.jobs.server import web
from jobsite.jobs.server.part import Part


def parts(listener: socket.socket | None, clusters: Mapping[str, int]) -> list[Part]:
    """Return web on a socket, the clusters (workers by name), their images, and housekeeping.

    A host that answers no requests has no socket. Each looks after its own processes, so that none
    is without housekeeping.
    """
    queues = [
        Part(f"cluster-{name}", partial(run_cluster, name, workers))
        for name, workers in clusters.items()
    ]
    forks = [
        Part(f"image-{image.name}", image.run, keeps=image.far, is_wanted=image.is_asked)
        for image in images.make(images_of(clusters))
    ]
    webs = [Part("web", partial(web.serve, listener), keeps=listener)] if listener else []
    housekeeping = Part("housekeeping", partial(call_command, "housekeeping"))
    return [*webs, *queues, *forks, housekeeping]
