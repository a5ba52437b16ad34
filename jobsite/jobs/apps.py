"""The app that every kind of job shares."""

from importlib import import_module

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the checks and, in a worker process, its row in the Worker table."""

    name = "jobsite.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Import what registers itself, now that the models are there."""
        for module in ("checks", "queue.wake_ups"):
            import_module(f"{self.name}.{module}")
