"""The app that every kind of job shares."""

from importlib import import_module

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the system checks and the admin classes."""

    name = "jobsite.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        """Import the modules that register themselves, now that the models are loaded."""
        for module in ("checks", "queue.wake_ups"):
            import_module(f"{self.name}.{module}")
