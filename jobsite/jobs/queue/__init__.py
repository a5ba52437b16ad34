"""Submit jobs and wake workers: `queue.submit(job)`."""

from jobsite.jobs.queue.submission import retry, submit
from jobsite.jobs.queue.wake_ups import wake

__all__ = ["retry", "submit", "wake"]
