"""The app that every kind of job shares."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the checks and, in a worker process, its row in the Worker table."""

    name = "jobsite.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Import what registers itself."""
        pass
