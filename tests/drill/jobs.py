"""Drills that are submitted, and looked at again."""

from jobsite.jobs.queue import submit
from tests.drill.models import Drill
from tests.support.waiting import PATIENCE, wait_until


def run(owner, *script, **fields) -> Drill:
    """Submit a drill that does what its script says."""
    job = Drill(owner=owner, name="drill", script=script, **fields)
    submit(job)
    return job


def fresh(job: Drill) -> Drill:
    """The drill as its row is now."""
    job.refresh_from_db()
    return job


def reach(job, *statuses, seconds=PATIENCE):
    def look():
        job.refresh_from_db()
        return job.status in statuses

    wait_until(look, seconds)
    return job


def finish(job, seconds=PATIENCE):
    return reach(job, "succeeded", "failed", "cancelled", seconds=seconds)


def board(job) -> dict:
    job.refresh_from_db()
    return job.board
