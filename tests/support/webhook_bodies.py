"""Ends of jobs, and what their owners are told of them."""

from jobsite.jobs.models.notification import Channel, Delivery
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.notifications import delivery as sending
from jobsite.jobs.queue import submit
from jobsite.jobs.status import Status
from tests.drill.models import Drill


def hook(owner, url="https://example.org/", **fields) -> Channel:
    return Channel.objects.create(owner=owner, method="webhook", url=url, **fields)


def end(owner, to=Status.SUCCEEDED, **fields) -> Drill:
    """A job of that person that ran and ended so."""
    job = Drill(owner=owner, name="a drill")
    submit(job)
    job = Drill.objects.claim(Worker.of_this_process("drill"))
    Drill.objects.fenced(job.pk, job.attempt).transition(to, **fields)
    return job


def deliver(delivery: Delivery) -> Delivery:
    sending.deliver(delivery)
    delivery.refresh_from_db()
    return delivery
