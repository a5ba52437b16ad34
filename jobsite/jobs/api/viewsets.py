"""The API that every kind of job shares; an app subclasses `JobSerializer` and `JobViewSet`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import (
    HTTP_200_OK,
    HTTP_202_ACCEPTED,
    HTTP_204_NO_CONTENT,
)

from jobsite.jobs import queue
from jobsite.jobs.api.errors import Conflict
from jobsite.jobs.filters import JobFilter
from jobsite.jobs.models.job import Job
from jobsite.jobs.status import Status

RETRY_AFTER = 2  # seconds a caller should wait before asking for a result again


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """List, detail, result, cancel, retry and delete of the caller's own jobs."""

    model: ClassVar[type[Job]]
    filterset_class: type[JobFilter] = JobFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        """Return the caller's jobs; anybody else's are 404."""
        if getattr(self, "swagger_fake_view", False):  # the schema is drawn without a caller
            return self.model.objects.none()
        return self.model.objects.visible_to(self.request.user)

    def accepted(self, job: Job) -> Response:
        """Return 202 with the job as it is now."""
        job.refresh_from_db()
        return Response(self.get_serializer(job).data, status=HTTP_202_ACCEPTED)

    def act(self, done: bool, job: Job) -> Response:
        """Return 202 if an action took effect, 409 if the status does not allow it."""
        if done:
            return self.accepted(job)
        job.refresh_from_db(fields=["status"])
        raise Conflict(f"The job is {job.status}; this is not possible now.")

    @extend_schema(
        responses={200: OpenApiResponse(description="The result."), 202: None, 409: None}
    )
    @action(detail=True)
    def result(self, request: Request, pk: Any = None) -> Response:
        """Return the result; 202 with Retry-After if there is none yet, 409 if none will come."""
        job = self.get_object()
        if job.is_active:
            wait = {"Retry-After": str(RETRY_AFTER)}
            data = self.get_serializer(job).data
            return Response(data, status=HTTP_202_ACCEPTED, headers=wait)
        if job.status != Status.SUCCEEDED:
            raise Conflict(job.error or f"The job was {job.status}.")
        return Response(self.result_of(job), status=HTTP_200_OK)

    def result_of(self, job: Any) -> Any:
        """Return the body of `/result/`."""
        return job.result

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any = None) -> Response:
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
