"""The API of training."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.forms import IntegerField
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.status import HTTP_202_ACCEPTED

from jobsite.jobs import queue
from jobsite.jobs.api.errors import Conflict, refused_by
from jobsite.jobs.api.parsers import JSONObjectParser
from jobsite.jobs.api.serializers import JobSerializer
from jobsite.jobs.api.viewsets import JobViewSet
from training import metrics
from training.algorithms import catalogue
from training.api.comparisons import CompareMixin
from training.api.predictions import PredictionSerializer, RowsSerializer, asked
from training.models.dataset import Dataset
from training.models.training_job import TIME_LIMIT_HELP, TrainingJob
from training.problem.problem_type import CLUSTERING
from training.results.files import EXPORTS
from training.web.files import export_response, model_response, plot_response
from training.web.filters import TrainingFilter
from training.web.training_form import DEFAULTS, TrainingForm


class TrainingSerializer(JobSerializer):
    """A training as JSON, without its result."""

    problem = serializers.CharField(source="wanted", help_text="What was chosen; empty: guessed.")

    class Meta(JobSerializer.Meta):
        model = TrainingJob
        fields: ClassVar[list[str]] = [
            *JobSerializer.Meta.fields,
            "dataset",
            "target",
            "algorithms",
            "time_limit",
            "folds",
            "seed",
            "tune",
            "problem",
            "metric",
        ]
        read_only_fields = fields


class TargetField(serializers.CharField):
    """One column. Several are refused with the reason."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, list):
            raise ValidationError(
                "A training learns one target. Start a training for each of them."
            )
        return super().to_internal_value(data)


def number(name: str, help_text: str | None = None) -> serializers.IntegerField:
    """Return the field of a whole number with the bounds and the default of the form."""
    field = TrainingForm.base_fields[name]
    assert isinstance(field, IntegerField)
    return serializers.IntegerField(
        min_value=cast("int", field.min_value),
        max_value=cast("int", field.max_value),
        default=DEFAULTS[name],
        help_text=help_text,
    )


class NewTrainingSerializer(serializers.Serializer):
    """The settings of a new training: their types here, all other rules in `TrainingForm`."""

    dataset = serializers.UUIDField()
    target = TargetField(
        trim_whitespace=False,
        required=False,
        allow_blank=True,
        allow_null=True,
        default="",
        max_length=255,
        help_text="The column to predict; none for clustering.",
    )
    algorithms = serializers.MultipleChoiceField(
        choices=catalogue.CHOICES, required=False, allow_empty=False
    )
    positive = serializers.CharField(
        required=False, default="", max_length=255, help_text="Of two classes, the one looked for."
    )
    problem = serializers.ChoiceField(["classification", "regression", CLUSTERING], required=False)
    metric = serializers.ChoiceField(
        metrics.KEYS,
        required=False,
        default="",
        allow_blank=True,
        help_text="The measure that ranks; empty: the usual one of the problem.",
    )
    time_limit = number("time_limit", f"Seconds. {TIME_LIMIT_HELP}")
    folds = number("folds")
    tune = serializers.BooleanField(default=True)
    seed = number("seed")

    def job(self, owner: Any) -> TrainingJob:
        """Return the training, not queued yet.

        Raises NotFound if the owner has no such table, ValidationError if the form refuses.
        """
        data = dict(self.validated_data)
        dataset = Dataset.objects.visible_to(owner).filter(pk=data.pop("dataset")).first()
        if dataset is None:
            raise NotFound("You have no dataset with this id.")
        form = TrainingForm(data | {"wanted": data.get("problem", "")}, dataset=dataset)
        if not form.is_valid():
            raise refused_by(form, wanted="problem")
        return form.job()


class TrainingViewSet(CompareMixin, JobViewSet):
    """The trainings of the caller."""

    model = TrainingJob
    serializer_class = TrainingSerializer
    filterset_class = TrainingFilter

    @extend_schema(request=NewTrainingSerializer, responses={202: TrainingSerializer, 400: None})
    def create(self, request: Request) -> Response:
        form = NewTrainingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = form.job(request.user)
        queue.submit(job)
        place = reverse("training-detail", args=[job.pk], request=request)
        return Response(
            self.get_serializer(job).data, status=HTTP_202_ACCEPTED, headers={"Location": place}
        )

    def result_of(self, job: TrainingJob) -> Any:
        """Return the result with the addresses of plots and models."""
        result = dict(job.result or {})
        result["plots"] = [
            {**plot, "url": self._place("training-plot", job, plot["file"])}
            for plot in result.get("plots", ())
        ]
        result["models"] = {
            row["algorithm"]: self._place("training-fitted", job, row["algorithm"])
            for row in result.get("leaderboard", ())
            if row.get("model")
        }
        result["files"] = {file: self._place("training-takeaway", job, file) for file in EXPORTS}
        return result

    def _place(self, name: str, job: TrainingJob, what: str) -> str:
        return reverse(name, args=[job.pk, what], request=self.request)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: Any = None) -> Response:
        """End a running training with the models that are finished."""
        job = self.get_object()
        if job.is_active and not job.can_keep:
            raise Conflict("No model is through all its folds yet, so there is nothing to keep.")
        return self.act(job.keep(), job)

    @extend_schema(
        request={"application/json": RowsSerializer, "multipart/form-data": OpenApiTypes.OBJECT},
        responses={202: PredictionSerializer, 400: None, 409: None},
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONObjectParser, MultiPartParser])
    def predict(self, request: Request, pk: Any = None) -> Response:
        """Predict rows, given as JSON `rows` or as a table `file`.

        The answers are a job of their own.
        """
        job = asked(request, self.get_object())
        queue.submit(job)
        place = reverse("predictions-detail", args=[job.pk], request=request)
        data = PredictionSerializer(job).data
        return Response(data, status=HTTP_202_ACCEPTED, headers={"Location": place})

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="models/<slug:algorithm>", url_name="fitted")
    def fitted(self, request: Request, pk: Any = None, algorithm: str = "") -> HttpResponseBase:
        """Return the fitted model as a file."""
        return model_response(request, self.get_object(), algorithm)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="files/<str:file>", url_name="takeaway")
    def export_file(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """Return the report, the model card, or the archive that makes the scores again."""
        return export_response(request, self.get_object(), file)

    @extend_schema(responses={(200, "image/svg+xml"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, url_path="plots/<str:file>", url_name="plot")
    def plot(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """Return a plot as SVG."""
        return plot_response(request, self.get_object(), file)
