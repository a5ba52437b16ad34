"""The first page: running, waiting and finished jobs, the workers, and free disk space."""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views import View
from django.views.generic import TemplateView

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
        waiting = self.jobs([Status.QUEUED, Status.PAUSED], "queued_at")
        return super().get_context_data(**kwargs) | {
            "running": self.jobs([Status.RUNNING], "-started_at"),
            "waiting": waiting,
            "finished": self.jobs(list(FINISHED), "-finished_at"),
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
            "workers": Worker.objects.order_by("host", "cluster", "started_at"),
            "hosts": hosts.several(),
            "disk_free": disk.free,
            "disk_total": disk.total,
            "is_held": is_held,
            "may_release": is_held and user.is_superuser,
            "warnings": [*problems().values(), *warnings(oldest_waiting(user))],
        }

    def counts(self) -> dict[type[Job], Counter[str]]:
        """Return the person's jobs of each kind, counted by status."""
        found = {}
        for model in shown_models():
            rows = model.objects.visible_to(self.request.user).order_by()
            found[model] = Counter(dict(rows.values_list("status").annotate(Count("pk"))))
        return found

    def jobs(self, statuses: list[Status], order: str) -> list[Job]:
        """Return the first jobs of the kinds that have pages, in one order."""
        rows = [
            model.objects.visible_to(self.request.user)
            .filter(status__in=statuses)
            .defer("result")
            .order_by(order)[:SHOWN]
            for model in shown_models()
        ]
        by = order.removeprefix("-")
        return sorted(shared(rows), key=lambda job: getattr(job, by), reverse=by != order)


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


def oldest_waiting(user: Any) -> Job | None:
    """Return the job that has waited longest: of everybody for staff who may see such jobs."""
    jobs = []
    for model in shown_models():
        everybody = model.objects.filter(delete_requested=False).select_related("owner")
        rows = everybody if may(user, "view", model) else everybody.filter(owner=user)
        jobs.append(rows.filter(status=Status.QUEUED).defer("result").order_by("queued_at").first())
    return min((job for job in jobs if job is not None), key=queued_at, default=None)


def queued_at(job: Job) -> datetime:
    """Return since when a job waits."""
    return job.queued_at


def warnings(oldest: Job | None) -> list[str]:
    """Return what the operator should look at although the site works."""
    found = [sentence for host in hosts.several() if (sentence := hosts.warning(host))]
    for tally in Tally.lately(WEDGED, RESTARTS_SHOWN):
        found.append(
            f"The {tally.subject} workers stopped responding and were restarted at "
            f"{timezone.localtime(tally.at):%H:%M}; their jobs went on. If that happens often, "
            "look at the log for what was killed before."
        )
    if oldest is not None and (waited := timezone.now() - oldest.queued_at) > WAITS_TOO_LONG:
        whose = f" of {oldest.owner}" if oldest.owner else ""
        minutes = waited.total_seconds() // 60
        found.append(
            f"“{oldest.name}”{whose} has been waiting for {minutes:.0f} minutes: all workers are "
            "busy, or its owner has as many running as is allowed."
        )
    return found
