"""A closer look at a table, on its page: asked for, followed, shown."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.clickjacking import xframe_options_sameorigin

from jobsite.jobs import queue
from jobsite.jobs.web.attachments import ranged
from training.models.dataset import Dataset
from training.models.inspection import REPORT, Inspection
from training.web.datasets import own_dataset

# The report is one file with its own scripts. They run in a frame that belongs to no site.
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


def latest(dataset: Dataset) -> Inspection | None:
    """Return the newest look at a table."""
    return dataset.inspections.filter(delete_requested=False).first()


class Inspect(View):
    """Ask for a closer look."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Queue one, unless one is under way; it takes the place of the one before."""
        dataset = own_dataset(request, pk)
        before = latest(dataset)
        if before is None or not before.is_active:
            queue.submit(Inspection.of(dataset))
            if before is not None:
                before.request_delete()
        return redirect(f"{dataset.get_absolute_url()}#closer")


class Closer(View):
    """How far the closer look is, and what it found, as a fragment."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Return the fragment; it asks again while the look goes on."""
        dataset = own_dataset(request, pk)
        context = {"dataset": dataset, "inspection": latest(dataset)}
        return render(request, "training/_explanations.html", context)


@method_decorator(xframe_options_sameorigin, name="dispatch")
class ReportFile(View):
    """The report of a closer look, for a frame."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Return the file, sandboxed: cells of strangers are in it."""
        found = latest(own_dataset(request, pk))
        if found is None:
            raise Http404("There is no report.")
        response = ranged(request, found.artifacts / REPORT, "text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _SANDBOX
        return response
