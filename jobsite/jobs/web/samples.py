"""Something to try with one press, of the kinds that offer it."""

from importlib import import_module
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views import View

from jobsite.jobs.models.kinds import job_model


class TrySample(View):
    """Starts a sample of a kind, and shows its job."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str, key: str) -> HttpResponseBase:
        """Submit the job; 404 for what no kind offers."""
        try:
            samples: Any = import_module(job_model(kind).samples)
            job = samples.start(key, request.user)
        except (LookupError, ValueError) as error:  # ValueError: a kind without samples
            raise Http404("There is no such sample.") from error
        return redirect(job)
