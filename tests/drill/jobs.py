"""Drills that are submitted, and looked at again."""

from jobsite.jobs.queue import submit
from tests.drill.models import Drill


def run(owner, *script, **fields) -> Drill:
    """Submit a drill that does what its script says."""
    job = Drill(owner=owner, name="drill", script=script, **fields)
    submit(job)
    return job


def fresh(job: Drill) -> Drill:
    """The drill as its row is now."""
    job.refresh_from_db()
    return job
