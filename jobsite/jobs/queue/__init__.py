"""Submit jobs and wake workers: `queue.submit(job)`."""

from jobsite.jobs.queue.submission import retry, submit, wake

__all__ = ["retry", "submit", "wake"]
