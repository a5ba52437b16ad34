"""`manage.py release`: let a restored copy work."""

from typing import Any

from jobsite.jobs.management.base import JobCommand
from jobsite.jobs.storage import hold


class Command(JobCommand):
    """Ends the hold with which a restored copy starts."""

    help = "Let a site that was restored from a backup run jobs and send notifications."

    def handle(self, **options: Any) -> None:
        if hold.release():
            self.say("The site works again: waiting jobs start, waiting notifications are sent.")
        else:
            self.say("The site was not held.")
