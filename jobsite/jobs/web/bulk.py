"""Base of the buttons above a list: for a selection, or for all that match the filter."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from jobsite.jobs.filters import JobFilter
from jobsite.jobs.models.job import Job
from jobsite.jobs.web.views import OwnJobs, back

NAMES_SHOWN = 10


class BulkActions(OwnJobs, View):
    """Finds the jobs that are meant, and asks before many of them are changed.

    `field` names the boxes of the list. Template: `<kind>/confirm_bulk_delete.html`.
    """

    http_method_names = ["post"]
    filterset_class: type[JobFilter] = JobFilter
    field = "ids"

    @property
    def after(self) -> str:
        """The page to return to: the one that the form names, else the list."""
        return back(self.request) or reverse(f"{self.model.kind}:list")

    def chosen(self) -> QuerySet:
        """Return the selected jobs, or all that match the list's filter if that was chosen."""
        mine = self.get_queryset()
        if "all" in self.request.POST:
            query = QueryDict(self.request.POST.get("query", ""))
            return self.filterset_class(query, queryset=mine, request=self.request).qs
        return mine.filter(pk__in=_ids(self.request.POST.getlist(self.field)))

    def ask(self, chosen: Sequence[Job] | QuerySet, **more: Any) -> HttpResponse:
        """Show the question; `more` is what the template needs besides."""
        kept = (self.field, "all", "query", "next", "action")
        context = {
            "number": len(chosen),
            "names": [job.name for job in chosen[:NAMES_SHOWN]],
            "more": max(0, len(chosen) - NAMES_SHOWN),
            "running": sum(job.status == "running" for job in chosen),
            "kept": [(name, one) for name in kept for one in self.request.POST.getlist(name)],
            "back": self.after,
        }
        template = f"{self.model.kind}/confirm_bulk_delete.html"
        return render(self.request, template, context | more)


def _ids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts:
        with suppress(ValueError):
            ids.append(UUID(text))
    return ids
