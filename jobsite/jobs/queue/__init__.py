"""The public interface of the queue: submit and retry jobs, wake workers."""

from jobsite.jobs.queue.submission import retry, submit
from jobsite.jobs.queue.wake_ups import wake

__all__ = ["retry", "submit", "wake"]
