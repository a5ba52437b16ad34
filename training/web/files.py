"""The file of a table as a download."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from jobsite.jobs.web.attachments import attachment, picture, streamed
from training.algorithms.catalogue import KNOWN
from training.models.dataset import Dataset
from training.models.prediction import Prediction
from training.models.training_job import TrainingJob
from training.results.files import EXPORTS, dark_name
from training.results.formulas import guarded_lines


def table_response(request: HttpRequest, dataset: Dataset) -> HttpResponseBase:
    """Return the table as it is kept and read, under its own name where it came as plain text."""
    name = dataset.name
    if not name.lower().endswith((".csv", ".tsv", ".txt")):
        name = f"{name}.csv"
    return attachment(request, dataset.path, name)


def plot_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """Return the drawing of that name, where the job has drawn it."""
    drawn = {plot["file"] for plot in (job.result or {}).get("plots", ())}
    if file not in drawn | {dark_name(name) for name in drawn}:
        raise Http404("There is no such plot.")
    return picture(request, job.artifacts / file, "image/svg+xml")


def export_response(request: HttpRequest, job: TrainingJob, file: str) -> HttpResponseBase:
    """Return one of the files that every result has."""
    if file not in EXPORTS:
        raise Http404("There is no such file.")
    return attachment(request, job.artifacts / file, f"{job.subject}-{file}")


def model_response(request: HttpRequest, job: TrainingJob, algorithm: str) -> HttpResponseBase:
    """Return the model of that algorithm, where the job has fitted it."""
    if algorithm not in KNOWN:
        raise Http404("There is no such algorithm.")
    return attachment(
        request, job.artifacts / f"{algorithm}.skops", f"{job.subject}-{algorithm}.skops"
    )


def result_response(request: HttpRequest, job: Prediction) -> HttpResponseBase:
    """Return the file of a prediction that succeeded.

    With `?spreadsheet=1`, cells that begin a formula are guarded; otherwise they are as sent.
    """
    if job.is_active or not job.result:
        raise Http404("There is no result yet.")
    name = f"{job.result['target']}-predictions.csv"
    if request.GET.get("spreadsheet") and job.answers_path.is_file():
        return streamed(guarded_lines(job.answers_path), None, name, "text/csv; charset=utf-8")
    return attachment(request, job.answers_path, name)
