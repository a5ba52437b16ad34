"""Buttons above the list of trainings, for a selection or for all that match the filter."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from jobsite.jobs.web.bulk import BulkActions
from training.models.training_job import TrainingJob
from training.text import counted
from training.web.filters import TrainingFilter

NOTHING = "No training is selected. Select the ones you mean first."


class Bulk(BulkActions):
    """Compares, cancels or deletes the chosen trainings; asks before it deletes."""

    model = TrainingJob
    filterset_class = TrainingFilter
    field = "job"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Carry out the button that was pressed."""
        chosen = list(self.chosen())
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
        return redirect(self.after)

    def cancel(self, chosen: list[TrainingJob]) -> None:
        """Cancel those that are not finished, and say how many that were."""
        count = sum(job.cancel() for job in chosen)
        say = messages.success if count else messages.warning
        rest = len(chosen) - count
        already = f" {counted(rest, 'training')} had finished already." if rest else ""
        say(self.request, f"{counted(count, 'training')} cancelled.{already}")

    def get_queryset(self) -> QuerySet:
        """Return the person's trainings without their results, which can be large."""
        return super().get_queryset().defer("result")
