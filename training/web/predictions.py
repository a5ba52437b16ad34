"""Pages: ask the models of a training, and see what they answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from jobsite.jobs import queue
from jobsite.jobs.execution import images
from jobsite.jobs.web import uploads
from jobsite.jobs.web.views import JobDetail, JobList, OwnJobs
from training.metrics import Metric, by_rank
from training.models.prediction import Prediction, answer_text, fitted
from training.models.training_job import TrainingJob
from training.results.input_schema import Inputs
from training.web.files import result_response
from training.web.prediction_forms import RowForm, RowsFileForm

MOST_COLUMNS = 40  # beside the answers; the file has all of them


class Predict(OwnJobs, View):
    """The form made from the columns of the models, and the one for a file of rows."""

    model = TrainingJob
    training: TrainingJob
    inputs: Inputs
    models: list[tuple[str, str]]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the training and what its models want to know."""
        self.training = get_object_or_404(
            self.get_queryset().select_related("dataset", "owner"), pk=kwargs["pk"]
        )
        self.models = fitted(self.training.result)
        try:
            self.inputs = Inputs.load(self.training.artifacts)
        except FileNotFoundError:
            self.models = []
        if not self.models:
            messages.error(
                request,
                "This training has no model that can predict. Wait until it has succeeded, or "
                "train again.",
            )
            return redirect(self.training)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Both forms, filled with typical values; meanwhile the libraries are loaded."""
        images.warm(Prediction.image)
        return self.show()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Queue the prediction of one row."""
        form = RowForm(request.POST, inputs=self.inputs, models=self.models)
        if not form.is_valid():
            return self.show(row_form=form)
        return self.submitted(form.job(self.training))

    def submitted(self, job: Prediction) -> HttpResponse:
        """Queue it, and show its page at once."""
        queue.submit(job)
        return redirect(job)

    def show(self, status: int = 200, **forms: Any) -> HttpResponse:
        """Return the page with these forms, or fresh ones."""
        chosen = {"algorithm": self.request.GET.get("model", "")}
        context = {
            "job": self.training,
            "row_form": RowForm(inputs=self.inputs, models=self.models, initial=chosen),
            "file_form": RowsFileForm(models=self.models, initial=chosen),
            "latest": self.training.predictions.filter(delete_requested=False).defer("result")[:10],
            **forms,
        }
        return render(self.request, "training/predict.html", context, status=status)


class PredictFile(Predict):
    """The same page, where a file is sent."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Queue the prediction of a file; one that cannot be read comes back with the reason."""
        data = request.POST  # read first: reading is what notices the limit
        too_large = uploads.refusal(request)
        form = RowsFileForm(data, request.FILES, models=self.models, too_large=too_large)
        job = form.job(self.training) if form.is_valid() else None
        if job is None:
            return self.show(status=uploads.status_of(request), file_form=form)
        return self.submitted(job)


class PredictionList(JobList):
    """All predictions of one person."""

    def get_queryset(self) -> QuerySet:
        """With the trainings in the same query."""
        return super().get_queryset().select_related("training").defer("training__result", "rows")


class Detail(JobDetail):
    """A prediction, live and finished."""

    def get_queryset(self) -> QuerySet:
        """With the training in the same query."""
        return super().get_queryset().select_related("training", "owner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the answers as the page shows them."""
        context = super().get_context_data(**kwargs)
        job, result = self.object, self.object.result or {}
        entries = result.get("predictions", ())
        sent = [entry.get("inputs", {}) for entry in entries]
        if job.rows:
            sent = [sent_cells(row, job.training.target) for row in job.rows]
        names = list(dict.fromkeys(name for row in sent for name in row))[:MOST_COLUMNS]
        answers = [
            {**shown_answer(entry), "cells": [(name, cells.get(name, "")) for name in names]}
            for entry, cells in zip(entries, sent, strict=False)
        ]
        only = answers[0] if len(answers) == 1 and job.rows else None
        return context | {
            "result": result,
            "answers": answers,
            "names": names,
            "has_actual": any(entry.get("actual") is not None for entry in answers),
            "measures": measures(result, (job.training.result or {}).get("metric", "")),
            "only": only,
            "said": answer_text({"target": result["target"], "rows": 1, **only}) if only else "",
            "input": list(sent_cells(job.rows[0], job.training.target).items()) if job.rows else [],
            "counts": shares(result.get("summary", {}).get("counts", {})),
        }


def sent_cells(row: dict[str, Any], target: str) -> dict[str, Any]:
    """Return the cells of a row of a form or of JSON; the target stands beside the answer."""
    return {name: "" if value is None else value for name, value in row.items() if name != target}


def measures(result: dict[str, Any], ranking: str) -> list[tuple[Metric, float]]:
    """Return the measures of the answers, if their target was in the rows, as on a leaderboard."""
    found = (result.get("score") or {}).get("metrics", {})
    metrics = by_rank(result["problem"], ranking) if found else ()
    return [(metric, found[metric.key]) for metric in metrics if metric.key in found]


def shown_answer(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its probabilities, most probable first, and whether it is right."""
    ranked = list(entry.get("probabilities", {}).items())
    actual = entry.get("actual")
    return {
        **entry,
        "ranked": ranked[:10],
        "sure": entry.get("probabilities", {}).get(entry.get("answer")),
        "is_wrong": isinstance(actual, str) and actual != entry.get("answer"),
    }


def shares(counts: dict[str, int]) -> list[tuple[str, int, float]]:
    """Return how often each class was answered, and as a share."""
    total = sum(counts.values())
    return [(name, count, count / total) for name, count in list(counts.items())[:30]]


class Download(OwnJobs, View):
    """The answers as a CSV file."""

    model = Prediction

    def get(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """Return the file as an attachment."""
        return result_response(request, get_object_or_404(self.get_queryset(), pk=pk))
