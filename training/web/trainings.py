"""Pages of trainings: see how one goes, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views import View

from jobsite.jobs.web.attachments import attachment, picture
from jobsite.jobs.web.views import JobAction, JobDetail, JobList, OwnJobs
from training.about_views import AboutForm
from training.algorithms.catalogue import KNOWN
from training.models.training_job import TrainingJob
from training.results.files import TAKEAWAYS
from training.svg_names import dark_name
from training.web.filters import TrainingFilter
from training.web.leaderboard import board, models, problem_label


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
        told = result or live
        return context | {
            "told": told,
            "problem": problem_label(told),
            "about_form": AboutForm(instance=self.object),
            "board": board(told),
            "models": models(result) if result else [],
            "takeaways": TAKEAWAYS,
        }


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
        """The drawing, sandboxed: names of columns in it are text and nothing else."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return plot_response(request, job, file)


def plot_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """The drawing of that name, where the job has drawn it."""
    drawn = {plot["file"] for plot in (job.result or {}).get("plots", ())}
    if file not in drawn | {dark_name(name) for name in drawn}:
        raise Http404("There is no such plot.")
    return picture(request, job.artifacts / file, "image/svg+xml")


class Takeaway(OwnJobs, View):
    """The report, the card or the archive of a finished training."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, file: str) -> HttpResponseBase:
        """The file as a download."""
        return takeaway_response(request, get_object_or_404(self.get_queryset(), pk=pk), file)


def takeaway_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """One of the files that every result has."""
    if file not in TAKEAWAYS:
        raise Http404("There is no such file.")
    return attachment(request, job.artifacts / file, f"{job.subject}-{file}")


class Model(OwnJobs, View):
    """A fitted model as a file."""

    model = TrainingJob

    def get(self, request: HttpRequest, pk: Any, algorithm: str) -> HttpResponseBase:
        """The file as a download."""
        job = get_object_or_404(self.get_queryset(), pk=pk)
        return model_response(request, job, algorithm)


def model_response(request: HttpRequest, job: TrainingJob, algorithm: str) -> HttpResponseBase:
    """The model of that algorithm, where the job has fitted it."""
    if algorithm not in KNOWN:
        raise Http404("There is no such algorithm.")
    return attachment(
        request, job.artifacts / f"{algorithm}.skops", f"{job.subject}-{algorithm}.skops"
    )
