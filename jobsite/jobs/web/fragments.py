"""Fragments of live pages: nothing is sent where nothing has changed, and what is sent is small."""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

TAG = "X-Fragment"
# What differs in each answer and says nothing new: masked tokens, and clocks that the page ticks.
_MOVING = re.compile(
    rb'name="(?:csrfmiddlewaretoken|idempotency_key)" value="[^"]*"'
    rb"|<time[^>]* data-(?:elapsed-since|ago)=.*?</time>",
    re.DOTALL,
)
_WORTH_COMPRESSING = 1000  # bytes
# Random bytes against guesses from the length (BREACH), as in Django's GZipMiddleware.
_RANDOM_BYTES = 100


class Fragments:
    """Middleware that answers 204 to a poll whose page shows the same already, and compresses.

    A page sends back the tag of the fragment that it shows.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        """Return the answer of the view, or an empty one if it is what the caller has."""
        response: Any = self.get_response(request)
        is_fragment = request.method == "GET" and request.htmx and not response.streaming
        if not is_fragment or response.status_code != HTTPStatus.OK:
            return response
        tag = tag_of(response.content)
        if request.headers.get(TAG) == tag:
            response.status_code, response.content = HTTPStatus.NO_CONTENT, b""
            return response
        response.headers[TAG] = tag
        patch_vary_headers(response, ["Accept-Encoding"])
        is_accepted = "gzip" in request.headers.get("Accept-Encoding", "")
        if is_accepted and len(response.content) > _WORTH_COMPRESSING:
            response.content = compress_string(response.content, max_random_bytes=_RANDOM_BYTES)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response


def tag_of(content: bytes) -> str:
    """Return a tag that two fragments share if a person sees no difference between them."""
    return hashlib.blake2b(_MOVING.sub(b"", content), digest_size=12).hexdigest()
