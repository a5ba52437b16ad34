"""Buttons above the list of trainings, for a selection or for all that match the filter."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views import View

from jobsite.jobs.web.views import OwnJobs, back
from training.models.training_job import TrainingJob
from training.text import counted
from training.web.filters import TrainingFilter

NOTHING = "No training is selected. Select the ones you mean first."
_NAMES_SHOWN = 10


class Bulk(OwnJobs, View):
    """Compares, cancels or deletes the chosen trainings; asks before it deletes."""

    model = TrainingJob
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Carry out the button that was pressed."""
        chosen = self.chosen()
        action = request.POST.get("action", "")
        if not chosen:
            messages.error(request, NOTHING)
        elif action == "compare":
            query = urlencode([("job", str(job.pk)) for job in chosen])
            return redirect(f"{reverse('training:compare')}?{query}")
        elif action == "delete" and "confirmed" not in request.POST:
            return self.ask(chosen)
        elif action == "delete":
            for job in chosen:
                job.request_delete()
            messages.success(request, f"{counted(len(chosen), 'training')} deleted.")
        elif action == "cancel":
            self.cancel(chosen)
        else:
            messages.error(request, "There is no such button.")
        return redirect(back(request) or reverse("training:list"))

    def cancel(self, chosen: list[TrainingJob]) -> None:
        """Cancel those that are not finished, and say how many that were."""
        count = sum(job.cancel() for job in chosen)
        say = messages.success if count else messages.warning
        rest = len(chosen) - count
        already = f" {counted(rest, 'training')} had finished already." if rest else ""
        say(self.request, f"{counted(count, 'training')} cancelled.{already}")

    def chosen(self) -> list[TrainingJob]:
        """Return the selected trainings, or all that match the list's filter if that was chosen."""
        mine: QuerySet = self.get_queryset().defer("result")
        if "all" in self.request.POST:
            query = QueryDict(self.request.POST.get("query", ""))
            return list(TrainingFilter(query, queryset=mine, request=self.request).qs)
        return list(mine.filter(pk__in=_ids(self.request.POST.getlist("job"))))

    def ask(self, chosen: list[TrainingJob]) -> HttpResponse:
        """Show the question before many are deleted."""
        kept = ("job", "all", "query", "next", "action")
        context = {
            "number": len(chosen),
            "names": [job.name for job in chosen[:_NAMES_SHOWN]],
            "more": max(0, len(chosen) - _NAMES_SHOWN),
            "running": sum(job.status == "running" for job in chosen),
            "kept": [(name, one) for name in kept for one in self.request.POST.getlist(name)],
            "back": back(self.request) or reverse("training:list"),
        }
        return render(self.request, "training/confirm_bulk_delete.html", context)


def _ids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids
