"""The admin panel; Django imports this package, which registers all of it."""

from jobsite.jobs.admin import jobs, notifications, people

__all__ = ["jobs", "notifications", "people"]
