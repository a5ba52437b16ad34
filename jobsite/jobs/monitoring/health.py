"""Two addresses for monitors: whether the web process is up, and whether the site can work."""

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse

from jobsite.jobs.monitoring.problems import problems

REMEMBERED = 1  # seconds: strangers may ask as often as they like


@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Answer without a query, so that a slow database does not make the process look dead."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if nothing keeps the site from its work, otherwise 503 with the problems."""
    found: dict[str, str] = cache.get_or_set("problems", problems, REMEMBERED)  # type: ignore[assignment]
    return JsonResponse(
        {"status": "unavailable" if found else "ok", "problems": found},
        status=503 if found else 200,
    )
