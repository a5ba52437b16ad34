"""The API of training."""

from __future__ import annotations

from typing import Any, ClassVar

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
from jobsite.jobs.api.errors import Conflict
from jobsite.jobs.api.parsers import JSONObjectParser
from jobsite.jobs.api.serializers import JobSerializer
from jobsite.jobs.api.viewsets import JobViewSet
from training.algorithms import catalogue
from training.api.comparisons import CompareMixin
from training.api.predictions import PredictionSerializer, RowsSerializer, asked
from training.models.dataset import Dataset
from training.models.training_job import (
    DEFAULT_FOLDS,
    DEFAULT_SEED,
    DEFAULT_TIME_LIMIT,
    FEWEST_FOLDS,
    HIGHEST_SEED,
    LONGEST,
    MOST_FOLDS,
    SHORTEST,
    TIME_LIMIT_HELP,
    TrainingJob,
)
from training.problem.problem_type import CLUSTERING, TargetError
from training.results.files import EXPORTS
from training.web.files import export_response, model_response, plot_response
from training.web.filters import TrainingFilter


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


class NewTrainingSerializer(serializers.Serializer):
    """What a training is asked for with."""

    dataset = serializers.UUIDField()
    target = TargetField(
        max_length=255,
        trim_whitespace=False,
        required=False,
        allow_blank=True,
        allow_null=True,
        default="",
        help_text="The column to predict; none for clustering.",
    )
    algorithms = serializers.MultipleChoiceField(
        choices=catalogue.CHOICES, required=False, allow_empty=False
    )
    problem = serializers.ChoiceField(["classification", "regression", CLUSTERING], required=False)
    time_limit = serializers.IntegerField(
        min_value=SHORTEST,
        max_value=LONGEST,
        default=DEFAULT_TIME_LIMIT,
        help_text=f"Seconds. {TIME_LIMIT_HELP}",
    )
    folds = serializers.IntegerField(
        min_value=FEWEST_FOLDS, max_value=MOST_FOLDS, default=DEFAULT_FOLDS
    )
    tune = serializers.BooleanField(default=True)
    seed = serializers.IntegerField(min_value=0, max_value=HIGHEST_SEED, default=DEFAULT_SEED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what does not go together: groups have neither a target nor algorithms."""
        groups = attrs.get("problem") == CLUSTERING
        if groups and attrs["target"]:
            raise ValidationError({"target": ["Groups are found without a target. Leave it out."]})
        if groups and attrs.get("algorithms"):
            raise ValidationError({"algorithms": ["Groups are found by k-means. Leave them out."]})
        if not groups and not attrs["target"]:
            raise ValidationError(
                {"target": ["Name the column to predict, or ask for the problem “clustering”."]}
            )
        return attrs

    def job(self, owner: Any) -> TrainingJob:
        """The training, not queued yet. Raises where the table or the target is not there."""
        data = dict(self.validated_data)
        dataset = Dataset.objects.visible_to(owner).filter(pk=data.pop("dataset")).first()
        if dataset is None:
            raise NotFound("You have no dataset with this id.")
        target, wanted = data.pop("target") or "", data.pop("problem", "")
        try:
            dataset.guess(target, wanted)
        except TargetError as error:
            raise ValidationError({"target": [str(error)]}) from error
        algorithms = sorted(data.pop("algorithms", ()))
        return TrainingJob.of(dataset, target, algorithms, wanted=wanted, **data)


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
        """The result with the addresses of plots and models."""
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
        """Ask a model: `rows` as JSON, or a table as `file`. The answers are a job of their own."""
        job = asked(request, self.get_object())
        queue.submit(job)
        place = reverse("predictions-detail", args=[job.pk], request=request)
        data = PredictionSerializer(job).data
        return Response(data, status=HTTP_202_ACCEPTED, headers={"Location": place})

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="models/<slug:algorithm>", url_name="fitted")
    def fitted(self, request: Request, pk: Any = None, algorithm: str = "") -> HttpResponseBase:
        """The fitted model as a file."""
        return model_response(request, self.get_object(), algorithm)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="files/<str:file>", url_name="takeaway")
    def export_file(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """The report, the model card, or the archive that makes the scores again."""
        return export_response(request, self.get_object(), file)

    @extend_schema(responses={(200, "image/svg+xml"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, url_path="plots/<str:file>", url_name="plot")
    def plot(self, request: Request, pk: Any = None, file: str = "") -> HttpResponseBase:
        """A plot as SVG."""
        return plot_response(request, self.get_object(), file)
