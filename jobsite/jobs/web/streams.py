"""The bound of answers that one person may be sent at the same time: films, archives, tables."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase

# Each holds a thread of its web process for as long as its reader takes.
AT_ONCE = 12
RETRY_AFTER = 5  # seconds


class StreamLimit:
    """Middleware that answers 429 where a person already reads many files in this process."""

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.open: Counter[Any] = Counter()
        self.lock = threading.Lock()

    def __call__(self, request: Any) -> HttpResponseBase:
        """Count a streamed answer from its beginning to its end."""
        response = self.get_response(request)
        if not response.streaming:
            return response
        person = request.user.pk
        with self.lock:
            is_one_too_many = self.open[person] >= AT_ONCE
            if not is_one_too_many:
                self.open[person] += 1
        if is_one_too_many:
            refusal = too_many()
            refusal.close = response.close  # type: ignore[method-assign]
            return refusal
        # The server closes an answer however it ended, and perhaps twice.
        at_end = ExitStack()
        at_end.callback(self.release, person)
        at_end.callback(response.close)
        response.close = at_end.close  # type: ignore[method-assign]
        return response

    def release(self, person: Any) -> None:
        """Uncount an answer of a person."""
        with self.lock:
            self.open[person] -= 1
            self.open += Counter()  # drops what is zero


def too_many() -> HttpResponse:
    """Return the refusal of one more file."""
    response = HttpResponse(
        f"{AT_ONCE} files are being sent to you already. Try again when one of them has ended.",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        content_type="text/plain; charset=utf-8",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
