"""The database models that every kind of job uses."""

from jobsite.jobs.models.allowance import Allowance
from jobsite.jobs.models.api_token import ApiToken
from jobsite.jobs.models.host import Host
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.job_event import JobEvent
from jobsite.jobs.models.notification import Channel, Delivery, Program
from jobsite.jobs.models.person_deletion import PersonDeletion
from jobsite.jobs.models.submission import Submission
from jobsite.jobs.models.tally import Tally
from jobsite.jobs.models.worker import Worker

__all__ = [
    "Allowance",
    "ApiToken",
    "Channel",
    "Delivery",
    "Host",
    "Job",
    "JobEvent",
    "PersonDeletion",
    "Program",
    "Submission",
    "Tally",
    "Worker",
]
