"""The engine's row: at most one is active, and one is while there is anything to do for it."""

from datetime import timedelta
from typing import ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from downloads.models.engine_demand import is_needed
from jobsite.jobs import queue
from jobsite.jobs.models.job import Job
from jobsite.jobs.status import ACTIVE, Status


class Engine(Job):
    """The process that holds the session; at most one is active."""

    kind: ClassVar[str] = "engine"
    cluster: ClassVar[str] = "downloads"
    one_host: ClassVar[bool] = True  # the library lies on its disk
    runner: ClassVar[str | None] = "downloads.sync.run.run"
    max_losses: ClassVar[int | None] = None
    max_deaths: ClassVar[int] = 1  # `keep_alive` starts the next one, with a growing delay
    stop_grace: ClassVar[float] = 12.0
    has_pages: ClassVar[bool] = False

    KEPT: ClassVar[int] = 20
    CALM: ClassVar[timedelta] = timedelta(minutes=2)
    LONGEST_REST: ClassVar[int] = 60

    only = models.BooleanField(default=True, editable=False)

    class Meta(Job.Meta):
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["only"],
                condition=Q(status__in=sorted(status.value for status in ACTIVE)),
                name="engine_once",
            ),
        ]

    def get_absolute_url(self) -> str:
        """It has no page; what it does is the list of downloads."""
        return reverse("downloads:list")

    @classmethod
    def keep_alive(cls) -> None:
        """Queue an engine if one is needed and none is active."""
        if not cls.objects.filter(status__in=ACTIVE).exists() and is_needed():
            cls.start()

    @classmethod
    def start(cls) -> None:
        """Queue an engine if none is active, with a growing delay if engines keep failing."""
        if cls.objects.filter(status__in=ACTIVE).exists():
            return
        now = timezone.now()
        ended = cls.objects.filter(finished_at__gt=now - cls.CALM, status=Status.FAILED)
        deaths = ended.count()
        rest = timedelta(seconds=min(2**deaths, cls.LONGEST_REST) if deaths > 1 else 0)
        if ended.filter(finished_at__gt=now - rest, finished_at__lte=now).exists():
            return
        for old in cls.objects.order_by("-created_at")[cls.KEPT :]:
            old.purge()
        try:
            with transaction.atomic():
                queue.submit(cls(name="Download engine"))
        except IntegrityError:  # another housekeeper was quicker
            return
