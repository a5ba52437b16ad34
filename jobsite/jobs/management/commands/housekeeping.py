"""`manage.py housekeeping`: part of `up`."""

import os

from django.core.management.base import BaseCommand

from jobsite.jobs.models.host import HOUSEKEEPING, own_roles
from jobsite.jobs.models.notification import EMAIL, PROGRAM, WEBHOOK
from jobsite.jobs.notifications.delivery import Courier
from jobsite.jobs.recovery.housekeeper import Housekeeper


class Command(BaseCommand):
    """Runs the housekeeper in the foreground."""

    help = "Recover lost jobs, restart wedged clusters, deliver notices (part of `up`)."

    def handle(self, **options: object) -> None:
        if HOUSEKEEPING in own_roles():
            Courier(WEBHOOK, EMAIL).start()
            Courier(PROGRAM).start()  # which may take long, and hold up no message
        Housekeeper().run()
        # A server that is slow to answer holds up no stop: its notice is delivered again.
        os._exit(0)
