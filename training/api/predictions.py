"""The API of predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.reverse import reverse

from jobsite.jobs.api.errors import Conflict, refused_by
from jobsite.jobs.api.serializers import JobSerializer
from jobsite.jobs.api.viewsets import JobViewSet
from jobsite.jobs.web.uploads import refuse_too_large
from training.models.prediction import MOST_ROWS, Prediction, fitted
from training.models.training_job import TrainingJob
from training.web.files import result_response
from training.web.prediction_forms import RowsFileForm


class PredictionSerializer(JobSerializer):
    """A prediction as JSON, without its answers."""

    class Meta(JobSerializer.Meta):
        model = Prediction
        fields: ClassVar[list[str]] = [*JobSerializer.Meta.fields, "training", "algorithm"]
        read_only_fields = fields


class RowsSerializer(serializers.Serializer):
    """Rows to predict, by the names of the columns."""

    algorithm = serializers.CharField(required=False, help_text="The best where none is named.")
    rows = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, max_length=MOST_ROWS
    )


def asked(request: Request, training: TrainingJob) -> Prediction:
    """Return the prediction that a request asks for, not queued yet.

    Raises ValidationError or Conflict if it cannot be made.
    """
    models = fitted(training.result)
    if not models:
        raise Conflict("This training has no model that can predict.")
    data: Any = request.data
    if not isinstance(data, Mapping):
        raise ValidationError({"rows": ["Send an object with a list of rows."]})
    algorithm = str(data.get("algorithm") or models[0][0])
    if algorithm not in dict(models):
        names = ", ".join(key for key, _ in models)
        raise ValidationError({"algorithm": [f"There is no such model. There are: {names}."]})
    if request.content_type.startswith("multipart/"):
        return _of_file(request, training, models, algorithm)
    wanted = RowsSerializer(data=request.data)
    wanted.is_valid(raise_exception=True)
    return Prediction.of(training, algorithm, wanted.validated_data["rows"])


def _of_file(
    request: Request, training: TrainingJob, models: list[tuple[str, str]], algorithm: str
) -> Prediction:
    refuse_too_large(request)
    sent: Any = request.data
    data = {**sent.dict(), "algorithm": algorithm}
    form = RowsFileForm(data, request.FILES, models=models)
    job = form.job(training) if form.is_valid() else None
    if job is None:
        raise refused_by(form)
    return job


class PredictionViewSet(JobViewSet):
    """The predictions of the caller."""

    model = Prediction
    serializer_class = PredictionSerializer

    def result_of(self, job: Prediction) -> Any:
        """Return the result with the address of the file that holds all answers."""
        place = reverse("predictions-file", args=[job.pk], request=self.request)
        return {**(job.result or {}), "file": place}

    @extend_schema(
        parameters=[
            OpenApiParameter("spreadsheet", bool, description="guard cells that begin a formula")
        ],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
    )
    @action(detail=True)
    def file(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """Return all rows with their answers as CSV."""
        return result_response(request, self.get_object())
