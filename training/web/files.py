"""The file of a table as a download."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobsite.jobs.web.attachments import attachment
from training.models.dataset import Dataset


def table_response(request: HttpRequest, dataset: Dataset) -> HttpResponseBase:
    """The table as it is kept and read, under its own name where it came as plain text."""
    name = dataset.name
    if not name.lower().endswith((".csv", ".tsv", ".txt")):
        name = f"{name}.csv"
    return attachment(request, dataset.path, name)
