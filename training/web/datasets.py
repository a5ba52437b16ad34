"""Tables of a person: the list, the file, renaming and deleting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet, RestrictedError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View
from django.views.generic import ListView

from jobsite.jobs.execution import images
from jobsite.jobs.text import one_line
from training.models.dataset import Dataset
from training.models.training_job import TrainingJob
from training.web.files import table_response

_RECENT = 20


def own_dataset(request: HttpRequest, pk: Any) -> Dataset:
    """Return the table, or 404 if it is somebody else's; what can be done with it is a job."""
    images.warm(TrainingJob.image)
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)


class DatasetList(ListView):
    """All tables of a person, searched by name."""

    template_name = "training/datasets.html"
    paginate_by = 50

    def get_queryset(self) -> QuerySet:
        """Return those whose name holds what is looked for; heads stay in the database."""
        rows = Dataset.objects.visible_to(self.request.user).defer("head", "told", "options")
        found = rows.filter(name__icontains=self.request.GET.get("q", ""))
        # A query that counts has lost the model's own order.
        return found.annotate(uses=Count("jobs")).order_by("-created_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is looked for."""
        return super().get_context_data(q=self.request.GET.get("q", ""), **kwargs)


class Rename(View):
    """Give a table another name."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Keep the name, unless it is empty."""
        dataset = own_dataset(request, pk)
        name = one_line(request.POST.get("name", "")).strip()[:255]
        if name:
            dataset.name = name
            dataset.save(update_fields=["name"])
            messages.success(request, f"The table is called “{name}” now.")
        else:
            messages.error(request, "A table needs a name. Write one.")
        return redirect(dataset)


class TableFile(View):
    """The file of a table."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        return table_response(request, own_dataset(request, pk))


class RemoveDataset(View):
    """Ask, then delete a table that no training uses."""

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        dataset = own_dataset(request, pk)
        if dataset.jobs.exists():
            messages.error(request, dataset.in_use)
            return redirect(dataset)
        return render(request, "training/confirm_delete_table.html", {"dataset": dataset})

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Delete, or say what is in the way."""
        dataset = own_dataset(request, pk)
        try:
            dataset.remove()
        except RestrictedError:
            messages.error(request, dataset.in_use)
            return redirect(dataset)
        else:
            messages.success(request, f"“{dataset.name}” is deleted.")
        return redirect("training:new")
