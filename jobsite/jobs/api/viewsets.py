"""The API that every kind of job shares; an app subclasses `JobSerializer` and `JobViewSet`."""

from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.defaults import page_not_found
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import (
    HTTP_200_OK,
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
    HTTP_400_BAD_REQUEST,
    HTTP_409_CONFLICT,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
)
from rest_framework.views import exception_handler

from jobsite.jobs import queue
from jobsite.jobs.filters import JobFilter
from jobsite.jobs.models.allowance import OverAllowance
from jobsite.jobs.models.job import Job
from jobsite.jobs.status import Status

RETRY_AFTER = 2  # seconds a caller should wait before asking for a result again


class Conflict(APIException):
    """The job's status does not allow what was asked."""

    status_code = HTTP_409_CONFLICT
    default_detail = "The job's status does not allow this."


NOT_FOUND = "There is nothing at this address, or it is not yours."


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404 page, and JSON for whoever asked the API."""
    if request.path.startswith(reverse("api-schema").removesuffix("v1/schema/")):
        return JsonResponse({"detail": NOT_FOUND}, status=404)
    return page_not_found(request, exception)


def explain(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's answers, and JSON for what Django refuses while it reads a request."""
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


class JobSerializer(serializers.ModelSerializer):
    """What every kind of job tells of itself."""

    kind = serializers.CharField(read_only=True)

    class Meta:
        fields: ClassVar[list[str]] = [
            "id",
            "kind",
            "name",
            "status",
            "progress",
            "message",
            "attempt",
            "created_at",
            "started_at",
            "finished_at",
            "error",
        ]
        read_only_fields = fields


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """List, detail, result, cancel, retry and delete of the caller's own jobs."""

    model: ClassVar[type[Job]]
    filterset_class: type[JobFilter] = JobFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        """The caller's jobs; anybody else's are 404."""
        if getattr(self, "swagger_fake_view", False):  # the schema is drawn without a caller
            return self.model.objects.none()
        return self.model.objects.visible_to(self.request.user)

    def accepted(self, job: Job) -> Response:
        """202 with the job as it is now."""
        job.refresh_from_db()
        return Response(self.get_serializer(job).data, status=HTTP_202_ACCEPTED)

    def act(self, done: bool, job: Job) -> Response:
        """202 where an action took effect, 409 where the status does not allow it."""
        if done:
            return self.accepted(job)
        job.refresh_from_db(fields=["status"])
        raise Conflict(f"The job is {job.status}; this is not possible now.")

    @extend_schema(
        responses={200: OpenApiResponse(description="The result."), 202: None, 409: None}
    )
    @action(detail=True)
    def result(self, request: Request, pk: Any = None) -> Response:
        """The result; 202 with Retry-After while there is none yet, 409 where none will come."""
        job = self.get_object()
        if job.is_active:
            wait = {"Retry-After": str(RETRY_AFTER)}
            data = self.get_serializer(job).data
            return Response(data, status=HTTP_202_ACCEPTED, headers=wait)
        if job.status != Status.SUCCEEDED:
            raise Conflict(job.error or f"The job was {job.status}.")
        return Response(self.result_of(job), status=HTTP_200_OK)

    def result_of(self, job: Any) -> Any:
        """What `/result/` answers with."""
        return job.result

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Stop the job."""
        job = self.get_object()
        return self.act(job.cancel(), job)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: Any = None) -> Response:
        """Queue a failed or cancelled job once more."""
        job = self.get_object()
        return self.act(queue.retry(job), job)

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Delete the job; a running one is cancelled first."""
        self.get_object().request_delete()
        return Response(status=HTTP_204_NO_CONTENT)
