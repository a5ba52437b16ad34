"""Errors of the API, as JSON with a sentence."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.forms import BaseForm
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseServerError,
    JsonResponse,
)
from django.template.loader import get_template
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


BROKEN = (
    "The site met an error of its own and has written it down for its administrator. Jobs that "
    "were handed over are safe."
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return Django's 404 page, or JSON below the API's address."""
    if _is_api(request):
        return JsonResponse({"detail": NOT_FOUND}, status=404)
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page for an error of the site itself, or JSON below the API's address.

    The page needs no database and no other template, only the path that the site lies below.
    """
    if _is_api(request):
        return JsonResponse({"detail": BROKEN}, status=500)
    page = get_template("500.html").render({"base": settings.BASE_PATH})
    return HttpResponseServerError(page)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(f"{settings.BASE_PATH}/api/")


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
