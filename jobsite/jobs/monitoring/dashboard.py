"""The first page: running, waiting and finished jobs, the workers, and free disk space."""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views import View
from django.views.generic import TemplateView

from jobsite.jobs.models.host import Host
from jobsite.jobs.models.job import Job
from jobsite.jobs.models.kinds import job_models
from jobsite.jobs.models.tally import WEDGED, Tally
from jobsite.jobs.models.worker import Worker
from jobsite.jobs.monitoring import hosts
from jobsite.jobs.monitoring.problems import problems
from jobsite.jobs.permissions import may
from jobsite.jobs.status import FINISHED, Status
from jobsite.jobs.storage import hold

SHOWN = 10
# The parts of the page: the statuses of their jobs, and their order.
PARTS: dict[str, tuple[list[Status], str]] = {
    "running": ([Status.RUNNING], "-started_at"),
    "waiting": ([Status.QUEUED, Status.PAUSED], "queued_at"),
    "finished": (list(FINISHED), "-finished_at"),
}
WAITS_TOO_LONG = timedelta(minutes=10)
RESTARTS_SHOWN = timedelta(hours=1)


class Dashboard(TemplateView):
    """The signed-in person's jobs of every kind, and the state of the machine."""

    def get_template_names(self) -> list[str]:
        polled = self.request.htmx  # type: ignore[attr-defined]
        return ["jobs/_dashboard.html" if polled else "jobs/dashboard.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, counts = self.request.user, self.counts()
        disk = shutil.disk_usage(settings.DATA_DIR)
        is_held = hold.is_held()
        workers = list(Worker.objects.order_by("host", "cluster", "started_at"))
        known_hosts = list(Host.objects.all())
        shown_hosts = known_hosts if len(known_hosts) > 1 else []
        return super().get_context_data(**kwargs) | {
            **self.jobs(counts),
            "counts": sum(counts.values(), Counter()),
            "tiles": [
                {
                    "title": model.title,
                    "running": found[Status.RUNNING],
                    "waiting": found[Status.QUEUED],
                    "note": model.tile_note(user),
                }
                for model, found in counts.items()
                if model.title and found
            ],
            "workers": workers,
            "hosts": shown_hosts,
            "disk_free": disk.free,
            "disk_total": disk.total,
            "is_held": is_held,
            "may_release": is_held and user.is_superuser,
            "warnings": [
                *problems(workers, known_hosts).values(),
                *warnings(shown_hosts, oldest_waiting(user)),
            ],
        }

    def counts(self) -> dict[type[Job], Counter[str]]:
        """Return the person's jobs of each kind, counted by status, with one query."""
        found: dict[type[Job], Counter[str]] = {model: Counter() for model in shown_models()}
        rows = [
            model.objects.visible_to(self.request.user)
            .order_by()
            .values_list(Value(place), "status")
            .annotate(number=Count("*"))
            for place, model in enumerate(found)
        ]
        models = list(found)
        for place, status, number in rows[0].union(*rows[1:], all=True):
            found[models[place]][status] = number
        return found

    def jobs(self, counts: dict[type[Job], Counter[str]]) -> dict[str, list[Job]]:
        """Return the first jobs of each part of the page, with one query for each kind."""
        found: dict[str, list[list[Job]]] = {part: [] for part in PARTS}
        for model, numbers in counts.items():
            mine = model.objects.visible_to(self.request.user)
            # Whether there is an end says what the status says, and its index is in order.
            ended = mine.filter(finished_at__isnull=False)
            first = {
                part: (ended if part == "finished" else mine.filter(status__in=statuses))
                .order_by(order)
                .values("pk")[:SHOWN]
                for part, (statuses, order) in PARTS.items()
                if any(numbers[status] for status in statuses)
            }
            chosen = Q(*(Q(pk__in=rows) for rows in first.values()), _connector=Q.OR)
            # Found by their keys alone: each part has looked at the owner already.
            rows = list(model.objects.filter(chosen).defer("result").order_by()) if first else []
            for part, (statuses, order) in PARTS.items():
                found[part].append(ordered((row for row in rows if row.status in statuses), order))
        return {part: ordered(shared(found[part]), order) for part, (_, order) in PARTS.items()}


class Release(View):
    """End the hold of a restored copy."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Release the site for an administrator; raise PermissionDenied for anybody else."""
        if not getattr(request.user, "is_superuser", False):
            raise PermissionDenied
        hold.release()
        messages.success(request, "The site works again: waiting jobs start now.")
        return redirect("dashboard")


def shared(rows: Iterable[Iterable[Job]]) -> list[Job]:
    """Return the first jobs of each kind in turn: many downloads do not hide the one training."""
    turns = itertools.chain.from_iterable(itertools.zip_longest(*rows))
    return list(itertools.islice((job for job in turns if job is not None), SHOWN))


def shown_models() -> list[type[Job]]:
    """Return the kinds that people see."""
    return [model for model in job_models() if model.has_pages]


def ordered(jobs: Iterable[Job], order: str) -> list[Job]:
    """Return jobs in the order of a field, downwards if it begins with "-"."""
    by = order.removeprefix("-")
    return sorted(jobs, key=lambda job: getattr(job, by), reverse=by != order)


def oldest_waiting(user: Any) -> Job | None:
    """Return the job that waits longest, if too long: of everybody for staff who may see it."""
    since = timezone.now() - WAITS_TOO_LONG
    models = shown_models()
    waiting = [
        model.objects.filter(
            *([] if may(user, "view", model) else [Q(owner=user)]),
            delete_requested=False,
            status=Status.QUEUED,
            queued_at__lt=since,
        )
        for model in models
    ]
    rows = [
        found.order_by().values_list("queued_at", Value(place), "pk")
        for place, found in enumerate(waiting)
    ]
    first = rows[0].union(*rows[1:], all=True).order_by("queued_at").first()
    if first is None:
        return None
    job = waiting[first[1]].filter(pk=first[2]).select_related("owner").defer("result").first()
    return cast(Job | None, job)


def warnings(shown_hosts: Iterable[Host], oldest: Job | None) -> list[str]:
    """Return what the operator should look at although the site works."""
    found = [sentence for host in shown_hosts if (sentence := hosts.warning(host))]
    for tally in Tally.lately(WEDGED, RESTARTS_SHOWN):
        found.append(
            f"The {tally.subject} workers stopped responding and were restarted at "
            f"{timezone.localtime(tally.at):%H:%M}; their jobs went on. If that happens often, "
            "look at the log for what was killed before."
        )
    if oldest is not None:
        waited = timezone.now() - oldest.queued_at
        whose = f" of {oldest.owner}" if oldest.owner else ""
        minutes = waited.total_seconds() // 60
        found.append(
            f"“{oldest.name}”{whose} has been waiting for {minutes:.0f} minutes: all workers are "
            "busy, or its owner has as many running as is allowed."
        )
    return found
