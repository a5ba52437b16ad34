"""Pages: choose finished trainings, and see them side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from jobsite.jobs.status import Status
from jobsite.jobs.web.views import OwnJobs
from training.models.training_job import TrainingJob
from training.web.comparison import BEST, FEWEST, LETTERS, MOST, Comparison
from training.web.leaderboard import scale

_OFFERED = 60


def asked_for(own: QuerySet, words: list[str]) -> list[TrainingJob]:
    """Return the trainings that are named, in that order; 404 if one is not there."""
    try:
        wanted = list(dict.fromkeys(UUID(word) for word in words))
    except ValueError as error:
        raise Http404("There is no such training.") from error
    found = own.select_related("dataset", "owner").in_bulk(wanted)
    if len(found) < len(wanted):
        raise Http404("There is no such training.")
    return [found[pk] for pk in wanted]


def obstacle(jobs: list[TrainingJob]) -> str:
    """Return why these trainings cannot be compared, or nothing."""
    unfinished = next((job for job in jobs if job.status != Status.SUCCEEDED), None)
    if unfinished is not None:
        return (
            f"“{unfinished.name}” is {unfinished.status}. Only trainings that have succeeded can "
            "be compared."
        )
    if not FEWEST <= len(jobs) <= MOST:
        return f"Choose {FEWEST} to {MOST} finished trainings; {len(jobs)} are chosen."
    return ""


class Compare(OwnJobs, View):
    """Finished trainings side by side, or the choice of them."""

    model = TrainingJob

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the comparison where it can be made, else what is in the way and what there is."""
        own = self.get_queryset()
        jobs = asked_for(own, request.GET.getlist("job"))
        problem = obstacle(jobs)
        if problem or "choose" in request.GET:
            context = {"jobs": jobs, "offered": offered(own, jobs), "obstacle": problem}
            return render(request, "training/compare_choice.html", context)
        return render(request, "training/compare.html", shown(Comparison.of(jobs), request))


def offered(own: QuerySet, jobs: list[TrainingJob]) -> list[TrainingJob]:
    """Return trainings to choose from: those of the same table first."""
    found = own.filter(status=Status.SUCCEEDED).select_related("dataset").defer("result")
    tables = {job.dataset_id for job in jobs}
    newest = list(found.order_by("-created_at")[:_OFFERED])
    return sorted(newest, key=lambda job: job.dataset_id not in tables)


def shown(comparison: Comparison, request: HttpRequest) -> dict[str, Any]:
    """Return what the page needs."""
    algorithms = comparison.algorithms()
    model = request.GET.get("model", BEST)
    models = comparison.models()
    return {
        "comparison": comparison,
        "settings": [
            {**entry, "pairs": list(zip(LETTERS, entry["cells"], strict=False))}
            for entry in comparison.settings()
        ],
        "models": models,
        **scale(models),
        "choices": [(BEST, "The best of each"), *algorithms],
        "model": model if model in dict(algorithms) else BEST,
        "overlays": comparison.overlays(model if model in dict(algorithms) else BEST),
        "plots": comparison.plots(model if model in dict(algorithms) else BEST),
    }
