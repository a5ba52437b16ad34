"""A request id for each request, and a log line for those that change something."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobsite.jobs.log_context import REQUEST

log = logging.getLogger("jobsite.requests")

SAFE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def place(request: Any) -> str:
    """Return the path of a request, without the secret part of a one-time link."""
    match = request.resolver_match
    is_secret = match is not None and match.view_name == "sign-in-link"
    return f"/{match.route}" if is_secret else str(request.path)


class RequestLog:
    """Gives each request an id and logs those that may change something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Return the response with the request id in a header, for reports of trouble."""
        given = request.headers.get("X-Request-ID", "") if settings.PROXIES else ""
        request.id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token, began = REQUEST.set(request), time.monotonic()
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = request.id
            if request.method not in LOOKING:
                took = (time.monotonic() - began) * 1000
                status = response.status_code
                log.info("%s %s: %d in %.0f ms", request.method, place(request), status, took)
            return response
        finally:
            REQUEST.reset(token)
