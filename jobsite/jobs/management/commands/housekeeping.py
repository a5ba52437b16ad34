"""`manage.py housekeeping`: part of `up`."""

from django.core.management.base import BaseCommand

from jobsite.jobs.housekeeping import Housekeeper


class Command(BaseCommand):
    """Runs the housekeeper in the foreground."""

    help = "Recover lost jobs, replace lost wake-ups, restart wedged clusters (part of `up`)."

    def handle(self, **options: object) -> None:
        """Run until stopped."""
        Housekeeper().run()
