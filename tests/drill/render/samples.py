"""Something to try: a rendering of one frame."""

from jobsite.jobs import queue
from jobsite.jobs.models.kind import Sample
from tests.drill.render.models import Render


def offered():
    return [Sample("cube", "A cube", "One frame of a cube.")]


def start(key, owner):
    if key != "cube":
        raise KeyError(key)
    job = Render(owner=owner, name="a cube", total=1)
    queue.submit(job)
    return job
