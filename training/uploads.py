"""An upload past the limit, as the API says it."""

from __future__ import annotations

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.status import HTTP_413_REQUEST_ENTITY_TOO_LARGE

from jobsite.jobs.web import uploads


class TooLarge(APIException):
    """An upload past the limit."""

    status_code = HTTP_413_REQUEST_ENTITY_TOO_LARGE


def refuse_too_large(request: Request) -> None:
    """Raise TooLarge where the files of a request were dropped at the limit."""
    if sentence := uploads.refusal(request):
        raise TooLarge(sentence)
