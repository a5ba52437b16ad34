"""The row of a drill."""

from django.db import models

from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kind import ChildLimits


class Scripted(Job):
    """Runs a script of steps such as ["sleep", 1] or ["die", 9]."""

    cluster = "drill"
    image = "drill"
    runner = "tests.drill.tasks.run"
    REPORTED = frozenset({"board"})
    has_pages = False
    child_limits = ChildLimits(file_mb=64, processes=100_000)

    script = models.JSONField(default=list)
    board = models.JSONField(default=dict)
    memory_mb = models.PositiveIntegerField(null=True)

    class Meta(Job.Meta):
        abstract = True

    @property
    def memory_limit_mb(self) -> int | None:
        """As the test asks."""
        return self.memory_mb


class Drill(Scripted):
    """A job that is killed when the site stops."""

    kind = "drill"


class Voyage(Scripted):
    """A job that saves its work when the site stops."""

    kind = "voyage"
    stop_grace = 5.0
