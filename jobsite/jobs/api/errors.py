"""Errors of the API, as JSON with a sentence."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.defaults import page_not_found
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.status import (
    HTTP_400_BAD_REQUEST,
    HTTP_409_CONFLICT,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
)
from rest_framework.views import exception_handler

from jobsite.jobs.models.allowance import OverAllowance


class Conflict(APIException):
    """The job's status does not allow the request."""

    status_code = HTTP_409_CONFLICT
    default_detail = "The job's status does not allow this."


def refused_by(form: BaseForm, **renamed: str) -> ValidationError:
    """Return the error of a form that is not valid, with its fields renamed as the API has them."""
    return ValidationError(
        {
            renamed.get(name, name): [str(message) for message in messages]
            for name, messages in form.errors.items()
        }
    )


NOT_FOUND = "There is nothing at this address, or it is not yours."


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return Django's 404 page, or JSON below the API's address."""
    if request.path.startswith(reverse("api-schema").removesuffix("v1/schema/")):
        return JsonResponse({"detail": NOT_FOUND}, status=404)
    return page_not_found(request, exception)


def explain(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return DRF's answer to an error, and JSON for a request that Django refuses to read."""
    if isinstance(error, RequestDataTooBig):
        detail = "The request is too large. Send it in several parts."
        return Response({"detail": detail}, status=HTTP_413_REQUEST_ENTITY_TOO_LARGE)
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": str(error)}, status=HTTP_400_BAD_REQUEST)
    if isinstance(error, OverAllowance):
        return Response({"detail": str(error)}, status=error.status_code)
    if isinstance(error, Http404):
        error = NotFound(NOT_FOUND)
    return exception_handler(error, context)
