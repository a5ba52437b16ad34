"""Two addresses for monitors: whether the web process is up, and whether the site can work."""

import contextlib
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from jobsite.jobs.monitoring.hosts import several, state
from jobsite.jobs.monitoring.problems import problems

REMEMBERED = 1  # seconds: strangers may ask as often as they like


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer without a query, so that a slow database does not make the process look dead."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if nothing keeps the site from its work, otherwise 503 with the problems."""
    answer: dict[str, Any] = cache.get_or_set("ready", readiness, REMEMBERED)  # type: ignore[assignment]
    return JsonResponse(answer, status=503 if answer["problems"] else 200)


def readiness() -> dict[str, Any]:
    """Return the problems of the site and, if it has several hosts, the state of each.

    A host that is gone is no problem of this one, which a load balancer would then leave out, too.
    """
    found = problems()
    answer: dict[str, Any] = {"status": "unavailable" if found else "ok", "problems": found}
    with contextlib.suppress(DatabaseError):  # which is among the problems
        if hosts := several():
            answer["host"] = settings.HOST
            answer["hosts"] = {host.name: state(host) for host in hosts}
    return answer
