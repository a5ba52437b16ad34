"""`manage.py render NAME TOTAL`."""

import sys

from jobsite.jobs import queue
from jobsite.jobs.management.base import JobCommand
from tests.drill.render.models import Render


class Command(JobCommand):
    """Submits a rendering."""

    help = "Have a scene drawn."

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("total", type=int)
        self.add_job_arguments(parser)

    def handle(self, **options):
        owner = self.owner(options["user"])
        job = Render(owner=owner, name=options["name"], total=options["total"])
        queue.submit(job)
        status = self.follow([job]) if options["wait"] else 0
        if options["json"]:
            self.print_json(job.as_dict() | {"result": job.result})
        sys.exit(status)
