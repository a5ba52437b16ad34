"""Pages of rates and traffic: of a download, and of each person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View
from django.views.generic import TemplateView

from downloads.ipc import rate_history
from downloads.models.traffic import DAYS, Traffic
from downloads.web.charts import bars
from downloads.web.live_details import graphs
from jobsite.jobs.permissions import may
from jobsite.jobs.web.views import OwnJobs


@dataclass(frozen=True)
class Table:
    """The bytes down and up of each month or person."""

    id: str
    title: str
    of: str
    rows: Sequence[tuple[str, int, int]]


class Graphs(OwnJobs, View):
    """The rates of one download, as a part of its page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return render(request, "downloads/_graphs.html", {"graphs": graphs(job.info_hash)})


class TrafficPage(TemplateView):
    """A person's traffic by day and month; staff with the permission see everybody's."""

    template_name = "downloads/traffic.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Traffic.objects.filter(owner=self.request.user.pk).summary()
        context = super().get_context_data(**kwargs) | {"mine": mine, "bars": _bars(mine["days"])}
        months = [(f"{one['month']:%B %Y}", one["down"], one["up"]) for one in mine["months"]]
        tables = [Table("months", "By month", "Month", months)]
        if may(self.request.user, "view", Traffic):
            everybody = Traffic.objects.filter(owner=None).summary()
            context |= {"everybody": everybody, "graphs": graphs(rate_history.ALL)}
            people = Traffic.objects.of_people()
            tables.append(Table("people", "Everybody, this month", "Person", people))
        return context | {"tables": [table for table in tables if table.rows]}


def _bars(days: list[dict[str, Any]]) -> Any:
    known = {one["day"]: (one["down"], one["up"]) for one in days}
    today = timezone.localdate()
    all_days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    return bars([(f"{day:%d %b}", *known.get(day, (0, 0))) for day in all_days])
