"""Pages of trainings: see how one goes, and what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from jobsite.jobs.web.views import JobAction, JobDetail, JobList, OwnJobs
from training.models.training_job import TrainingJob
from training.results.curves import overlays
from training.results.files import EXPORTS
from training.results.headline import headline
from training.web.files import export_response, model_response, plot_response
from training.web.filters import TrainingFilter
from training.web.leaderboard import board, models, problem_label
from training.web.score_chart import score_chart


class TrainingList(JobList):
    """All trainings of one person."""

    filterset_class = TrainingFilter


class Detail(JobDetail):
    """A training, live and finished."""

    def get_queryset(self) -> QuerySet:
        """With the table in the same query."""
        return super().get_queryset().select_related("dataset", "owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the leaderboard and, once there is a result, the models."""
        context = super().get_context_data(**kwargs)
        result, live = self.object.result, self.object.live
        shown = result or live
        fitted = models(result) if result else []
        return context | {
            "shown": shown,
            "problem": problem_label(shown),
            "about_form": AboutForm(instance=self.object),
            "board": board(shown),
            "score_chart": score_chart(shown),
            "models": fitted,
            "model": chosen(fitted, self.request.GET.get("model", "")),
            "headline": headline(result) if result else [],
            "overlays": overlays(
                (entry["label"], entry["algorithm"], self.object.artifacts) for entry in fitted
            ),
            "takeaways": EXPORTS,
        }


def chosen(fitted: list[dict[str, Any]], algorithm: str) -> dict[str, Any] | None:
    """Return the model whose tab is open: the one asked for, else the best."""
    return next((m for m in fitted if m["algorithm"] == algorithm), fitted[0] if fitted else None)


class Keep(JobAction):
    """End a running training with the models that are finished."""

    done = "“{name}” ends early; the models that are finished are kept."
    refused = (
        "The job is {status}. It can be ended early once a model is through all its folds, and "
        "as long as it runs."
    )

    def act(self, job: TrainingJob) -> bool:  # type: ignore[override]
        """Ask the child to end."""
        return job.keep()


class Plot(OwnJobs, View):
    """A plot of a finished training."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, file: str) -> HttpResponseBase:
        """Return the drawing, sandboxed: names of columns in it are text and nothing else."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return plot_response(request, job, file)


class ExportFile(OwnJobs, View):
    """The report, the card or the archive of a finished training."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, file: str) -> HttpResponseBase:
        """Return the file as a download."""
        return export_response(request, get_object_or_404(self.get_queryset(), pk=pk), file)


class Model(OwnJobs, View):
    """A fitted model as a file."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, algorithm: str) -> HttpResponseBase:
        """Return the file as a download."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return model_response(request, job, algorithm)


class AboutForm(forms.ModelForm):
    """Name, note and mark of a training."""

    class Meta:
        model = TrainingJob
        fields = ["name", "note", "favourite"]
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}


class About(OwnJobs, View):
    """Keep what was noted."""

    model = TrainingJob
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Write these three fields alone: the rest of the row belongs to the worker."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        form = AboutForm(request.POST, instance=job)
        if form.is_valid():
            self.get_queryset().filter(pk=pk).update(**form.cleaned_data)
            messages.success(request, "Name and note are kept.")
        else:
            messages.error(request, "A training needs a name of at most 255 characters.")
        return redirect(job)
