"""Base views: an app names its model and templates, and has its list, job page and buttons."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.generic import DetailView, ListView

from jobsite.jobs import queue
from jobsite.jobs.filters import JobFilter
from jobsite.jobs.models.job import Job
from jobsite.jobs.status import Status
from jobsite.jobs.web.log_pages import JobLog

PAGE = 50
EVENTS_SHOWN = 200


class OwnJobs:
    """The jobs that the signed-in person may see; everybody else's are 404."""

    model: Any = None
    request: HttpRequest

    def get_queryset(self) -> QuerySet:
        return self.model.objects.visible_to(self.request.user)


class JobList(OwnJobs, ListView):
    """A filtered, searched, sorted page of jobs; as a fragment when htmx polls.

    Templates: `<kind>/list.html`, and `<kind>/_list.html` included by it and polled.
    """

    filterset_class: type[JobFilter] = JobFilter
    paginate_by = PAGE
    context_object_name = "jobs"

    def get_queryset(self) -> QuerySet:
        """Filter in the database; results are deferred, because they can be large."""
        rows = super().get_queryset().defer("result")
        self.filterset = self.filterset_class(self.request.GET, queryset=rows, request=self.request)
        return self.filterset.qs

    def get_template_names(self) -> list[str]:
        name = "_list" if self.request.htmx else "list"  # type: ignore[attr-defined]
        return [f"{self.model.templates or self.model.kind}/{name}.html"]

    def get_paginator(self, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Paginator:
        """Spare the second count if the counts of the tabs give the length of the list."""
        paginator = super().get_paginator(queryset, per_page, *args, **kwargs)
        chosen = dict(self.filterset.form.cleaned_data) if self.filterset.is_valid() else {}
        chosen.pop("sort", None)
        statuses = chosen.pop("status", None) or self.counts.keys()
        if not any(chosen.values()):
            paginator.count = sum(self.counts[status] for status in statuses)
        return paginator

    @cached_property
    def counts(self) -> dict[str, int]:
        """The person's jobs of this kind by status."""
        rows = self.model.objects.visible_to(self.request.user).order_by()
        none = {status.value: 0 for status in Status}
        return none | dict(rows.values_list("status").annotate(number=Count("*")))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {
            "filter": self.filterset,
            "counts": self.counts,
            "total": sum(self.counts.values()),
            "kind": self.model.kind,
            "any_active": any(job.is_active for job in context["jobs"]),
        }


class JobDetail(OwnJobs, DetailView):
    """A job's page; its live part alone when htmx polls.

    Templates: `<kind>/detail.html`, and `<kind>/_detail.html` included by it and polled.
    """

    context_object_name = "job"

    def get_template_names(self) -> list[str]:
        name = "_detail" if self.request.htmx else "detail"  # type: ignore[attr-defined]
        return [f"{self.model.templates or self.model.kind}/{name}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        newest = list(self.object.events.order_by("-id")[:EVENTS_SHOWN])
        line = {}
        if self.object.status == Status.QUEUED and not self.object.message:
            line["place_in_line"] = 1 + self.model.objects.ahead_of(self.object)
        return context | line | {"events": newest[::-1], "kind": self.model.kind}


class JobAction(OwnJobs, View):
    """A button of a job: POST, then back to the page on which it was pressed."""

    http_method_names = ["post"]
    done = "Done."
    refused = "The job is {status}; this is not possible now."

    def act(self, job: Job) -> bool:
        """Act on the job; return False if its status does not allow it."""
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Act on one job and add a message with the result."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        if self.act(job):
            messages.success(request, self.done.format(name=job.name))
        else:
            job.refresh_from_db(fields=["status"])
            messages.error(request, self.refused.format(status=job.status))
        return redirect(back(request) or job.get_absolute_url())


def back(request: HttpRequest) -> str | None:
    """Return the page of this site that the form names as the place to return to, if any."""
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, None)
    return target if is_ours else None


class Cancel(JobAction):
    """Cancels a job that is not finished."""

    done = "“{name}” is being cancelled."
    refused = "The job is {status} already; there is nothing to cancel."

    def act(self, job: Job) -> bool:
        """Cancel at once, or ask the supervisor to."""
        return job.cancel()


class Retry(JobAction):
    """Queues a failed or cancelled job again."""

    done = "“{name}” is queued again."
    refused = "The job is {status}; only a failed or cancelled job can be retried."

    def act(self, job: Job) -> bool:
        """Queue the job and wake a worker."""
        return queue.retry(job)


class Delete(OwnJobs, View):
    """Asks, then deletes: a running job is cancelled first."""

    template_name = "jobs/confirm_delete.html"

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return render(request, self.template_name, {"job": job, "kind": self.model.kind})

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Hide the job now; housekeeping removes it."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        self.remove(job)
        messages.success(request, f"“{job.name}” is deleted.")
        return redirect(reverse(f"{self.model.kind}:list"))

    def remove(self, job: Job) -> None:
        """Delete the job; a kind may read further choices from `self.request.POST`."""
        job.request_delete()


def job_patterns(
    model: type[Job], *, views: dict[str, type[View]] | None = None
) -> Iterable[URLPattern]:
    """Return the addresses of every kind: list, detail, log, cancel, retry, delete.

    `views` replaces some of them by name or adds buttons, each at `<uuid>/<name>/`.
    """
    chosen: dict[str, type[View]] = {
        "list": JobList,
        "detail": JobDetail,
        "log": JobLog,
        "cancel": Cancel,
        "retry": Retry,
        "delete": Delete,
        **(views or {}),
    }
    places = {"list": "", "detail": "<uuid:pk>/"}
    for name, view in chosen.items():
        route = places.get(name, f"<uuid:pk>/{name}/")
        yield path(route, view.as_view(model=model), name=name)
